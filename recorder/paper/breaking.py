"""Where lines of Japanese text break (禁則処理, JIS X 4051): no line begins with 。 or ）, none ends with （."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

NOT_FIRST = frozenset("、。，．・：；？！）〕］｝〉》」』】〜ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々,.:;?!)]}%")
NOT_LAST = frozenset("（〔［｛〈《「『【([{")
_PIECES = re.compile(r"[!-~]+| +|.", re.DOTALL)  # a word of ASCII stays whole if it can


def broken(text: str, width: float, width_of: Callable[[str], float]) -> str:
    """The text with a line break wherever a line of `width` is full; breaks that it has stay."""
    return "\n".join(line for given in text.split("\n") for line in _lines(given, width, width_of))


def _lines(text: str, width: float, width_of: Callable[[str], float]) -> Iterator[str]:
    line: list[str] = []
    for piece in _small_enough(text, width, width_of):
        if line and width_of("".join(line) + piece.rstrip(" ")) > width:
            carried = _carried(line, piece)
            yield "".join(line[: len(line) - carried]).rstrip(" ")
            line = line[len(line) - carried :]
            if not line and piece.isspace():
                continue
        line.append(piece)
    yield "".join(line)


def _small_enough(text: str, width: float, width_of: Callable[[str], float]) -> Iterator[str]:
    """Pieces that each fit into a line: a word that doesn't is cut anywhere."""
    for piece in _PIECES.findall(text):
        if width_of(piece) <= width:
            yield piece
        else:
            yield from piece


def _carried(line: list[str], following: str) -> int:
    """How many pieces at the end of a full line go to the next one, so that neither breaks the rule."""
    for carried in range(len(line)):
        first = line[len(line) - carried] if carried else following
        if first[0] not in NOT_FIRST and line[len(line) - carried - 1][-1] not in NOT_LAST:
            return carried
    return 0
