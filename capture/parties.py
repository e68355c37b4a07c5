"""The two parties of a call, as numbers: also the two channels of its recording."""

CALLER, CALLEE = 0, 1
