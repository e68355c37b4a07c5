"""Telephone numbers: whose they are, in which form they are kept, and how they are shown.

    form        one form for all ways of writing a number
    prefixes    the digits for an outside line
    parties     the number of one address
    words       what carriers write in place of a number: withheld, payphone, unavailable
    identities  who calls whom, by all headers of an INVITE
    age_key     a public key to which a number can be sealed
    hiding      what is kept of a number that the caller withheld
    grouping    hyphens, from a dated table

Nothing here reads a clock, a file or a random source. The two large libraries are imported by the functions that
need them.
"""

from recorder.numbers.form import normalised, number_of
from recorder.numbers.identities import Caller, called_numbers, calling, diverted_from, known_numbers
from recorder.numbers.parties import Party, callee, caller
from recorder.numbers.prefixes import dialled

__all__ = [
    "Caller",
    "Party",
    "called_numbers",
    "callee",
    "caller",
    "calling",
    "dialled",
    "diverted_from",
    "known_numbers",
    "normalised",
    "number_of",
]
