"""Synthetic conversations as a PBX shows them on its mirror port, with their truth: see `tests.pbx.scenarios`."""
