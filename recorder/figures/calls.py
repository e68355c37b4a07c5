"""Figures of the calls going on: how many, which way, and whether both sides are heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from capture.media.g711 import AudioBlock
from recorder.figures.values import CallFigures

if TYPE_CHECKING:
    from recorder.conversations.conversation import Conversation

# After the answer so long, both sides should have sent something: people may be silent, telephones aren't. A source
# that no SDP named is taken after 2 s (capture.media.router); and within 5 s of the answer it shall be told, of which
# the figures, written once a second, and whoever reads them take the rest.
HEARD_WITHIN_NS = 2_500_000_000
BOTH = 0b11


def sides_of(block: AudioBlock) -> int:
    """Which sides packets brought anything of in this block: bit 0 the caller, bit 1 the callee."""
    silent = [0, 0]
    for side, begin, end in block.silent:
        silent[side] += end - begin
    return (silent[0] < len(block.codes)) | (silent[1] < len(block.codes)) << 1


def count(conversations: Iterable[Conversation], now_ns: int) -> CallFigures:
    """The figures at `now_ns`, by the capture's clock. Calls that a rule excludes count, but aren't listened for."""
    going_on = talking = long_enough = one_sided = unheard = 0
    directions: Counter[str] = Counter()
    for one in conversations:
        going_on += 1
        directions[one.direction] += 1
        answered_ns = one.first.call.answered_ns
        if answered_ns is None:
            continue
        talking += 1
        if one.excluded_by is not None or now_ns - answered_ns < HEARD_WITHIN_NS:
            continue
        long_enough += 1
        sides = 0
        for leg in one.legs:
            sides |= leg.sides
        one_sided += sides not in (0, BOTH)
        unheard += sides == 0
    return CallFigures(
        going_on=going_on, talking=talking, long_enough=long_enough, one_sided=one_sided, unheard=unheard,
        by_direction=dict(directions),
    )  # fmt: skip
