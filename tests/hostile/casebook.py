"""How hostile captures are noted down, and built."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests import wire
from tests.hostile.good import (
    AUDIO,
    INVITED,
    MS,
    SHAPES,
    Good,
    Sent,
    Truth,
    good_call,
)
from tests.hostile.pcapng import pcapng

Attack = Callable[[Good, random.Random], Iterable[Sent]]
RINGING = INVITED + 100 * MS
MIDDLE = AUDIO + 900 * MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A finished case: the file's bytes, how its name ends, and the truth of the good call."""

    data: bytes
    ending: str  # pcap or pcapng
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case before it is built."""

    name: str
    family: str
    shape: str
    attack: Attack
    ending: str = "pcap"
    finish: Callable[[bytes], bytes] = bytes  # makes of a sound file's bytes those of the case
    call: dict[str, Any] | None = None  # further arguments to good_call

    def build(self) -> Capture:
        """The same bytes every time."""
        rng = random.Random(self.name)
        good = good_call(self.shape, rng, **(self.call or {}))
        sent = sorted([*good.frames, *self.attack(good, rng)], key=lambda one: one.at)
        frames = [(one.at if one.stamp is None else one.stamp, one.frame) for one in sent]
        data = wire.pcap(frames) if self.ending == "pcap" else pcapng(frames)
        return Capture(data=self.finish(data), ending=self.ending, truth=good.truth)


CASES: dict[str, Case] = {}
# Every other case has a plain good call; the others take turns.
_TURNS = [shape for rare in SHAPES[1:] for shape in ("plain", rare)]


def add(family: str, name: str, attack: Attack, *, shape: str | None = None, **more: Any) -> None:
    """Add a case; without a shape it gets the next in turn."""
    if name in CASES:
        raise ValueError(f"there are two cases {name}")
    shape = _TURNS[len(CASES) % len(_TURNS)] if shape is None else shape
    CASES[name] = Case(name=name, family=family, shape=shape, attack=attack, **more)


def case(family: str, *, shape: str | None = None, **more: Any) -> Callable[[Attack], Attack]:
    """Add the function as a case of its own name."""

    def register(attack: Attack) -> Attack:
        add(family, attack.__name__, attack, shape=shape, **more)
        return attack

    return register


def nothing(good: Good, rng: random.Random) -> list[Sent]:
    """For cases in which the good call itself, or the file, is the trouble."""
    return []
