"""The figures of a recorder at work, and their form as JSON (docs/alarms.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFigures:
    """One interface. Counts are since the recorder started."""

    name: str
    state: str  # up, no_carrier, down, gone
    frames: int
    dropped: int  # by the kernel, for want of room
    last_frame_ns: int | None  # when the last one came, to the second; None: there was none


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFigures:
    """Calls going on."""

    going_on: int = 0
    talking: int = 0  # answered
    long_enough: int = 0  # talking for so long that both sides should have been heard
    one_sided: int = 0  # of these, only one side was heard
    unheard: int = 0  # of these, neither was
    by_direction: Mapping[str, int] = field(default_factory=dict)  # inbound, outbound, internal, unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A recorder at work. Counts are since it started."""

    at_ns: int
    started_ns: int
    pid: int
    store: str  # the folder
    calls: CallFigures
    entered: int  # calls that are in the catalogue
    recordings: int  # of these, with a recording
    late_s: float  # since when the oldest call that has ended waits to be entered
    waiting_bytes: int  # audio that waits for the disk
    shed_bytes: int  # audio for which there was no room
    interfaces: tuple[InterfaceFigures, ...]
    counts: Mapping[str, int]  # what was seen and left out, by reason

    @property
    def frames(self) -> int:
        return sum(one.frames for one in self.interfaces)

    @property
    def dropped(self) -> int:
        return sum(one.dropped for one in self.interfaces)


def to_dict(of: Figures) -> dict[str, Any]:
    """For json.dumps."""
    return {"format": FORMAT} | asdict(of)


def from_dict(given: Any) -> Figures:
    """What `to_dict` was given. ValueError if it isn't that, or is of another version."""
    try:
        fields = dict(given)
        if fields.pop("format") != FORMAT:
            raise ValueError("figures of another version")
        calls = CallFigures(**fields.pop("calls"))
        interfaces = tuple(InterfaceFigures(**one) for one in fields.pop("interfaces"))
        return Figures(calls=calls, interfaces=interfaces, **fields)
    except (KeyError, TypeError) as error:
        raise ValueError("no figures") from error
