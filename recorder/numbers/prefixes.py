"""The digits that a telephone dials before an outside number, such as the 0 of 0-03-5555-6666.

The exchange takes them off, so the leg inside has a number with them and the leg outside has it without. What was
dialled doesn't always tell. Where it doesn't, it stays as it is: a register may have a digit too many, but must not
name somebody who wasn't called.

    prefix  dialled        kept
    0       00355556666    0355556666    no number of the plan begins with 00
    0       0119           119           and no extension begins with 0
    0       0423111111     0423111111    ten digits: a number in full, whatever its first digit means elsewhere
    0       018403…        03…           184 behind the prefix; 0184-22-1234, ten digits, is a number in Akita
    0       0010-1-212-…   +1212…        010 behind the prefix
    0       00330355556666 the same      a carrier's code, 0033, or 0 before 0330355556666, which is too long
    0       003555566      the same      too short: a wrong number, or one that somebody gave up
    9       90355556666    0355556666
    9       9119           the same      it may be an extension
    0       02101          the same      the prefix, and then an extension: nobody knows what the exchange made of it
"""

from __future__ import annotations

import re
from collections.abc import Collection

from recorder.numbers.form import SERVICES, normalised

# A number in full: ten digits for lines, 0120 and 0570; eleven for mobiles, 050, 0800 and 020.
_IN_FULL = re.compile(r"0[1-9][0-9]{8}|0[25-9]0[0-9]{8}")
# What may stand behind a prefix: one digit off is allowed, since a mistyped number is a call, too.
_OUTSIDE = re.compile(r"0[1-9][0-9]{7,9}|\+[0-9]+|#[0-9]{4}")


def dialled(text: str, prefixes: Collection[str], *, extensions: Collection[str] = frozenset()) -> str:
    """What was dialled, in the register's form, without the prefix for an outside line.

    `prefixes` are the office's (none: nothing is taken off), `extensions` its extensions as far as they are known;
    these are never touched.
    """
    number = normalised(text)
    if number in extensions or _IN_FULL.fullmatch(number):
        return number
    for prefix in prefixes:
        if prefix and number.startswith(prefix):
            rest = normalised(number[len(prefix) :])
            if _OUTSIDE.fullmatch(rest) or rest in SERVICES and prefix[0] == "0":
                return rest
    return number
