"""A board as JSON: for the keeper's next start, and for whoever tells people what stands.

    {"format": 1, "board": "9f..", "last": 12, "standing": [EVENT + {"found_ns"}], "events": [EVENT, ...]}
    EVENT = {"number", "at_ns", "kind", "code", "about", "values"}

`board` names the board: numbers of events mean nothing beyond it. Nothing of callers is in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recorder.alarms.alarm import Alarm
from recorder.alarms.board import Board, Event, Standing
from recorder.alarms.code import Code

FORMAT = 1


@dataclass(slots=True)
class NamedBoard:
    """A board with its name."""

    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    board: Board = field(default_factory=Board)


def to_dict(of: NamedBoard) -> dict[str, Any]:
    """For json.dumps."""
    return {
        "format": FORMAT,
        "board": of.name,
        "last": of.board.last,
        "standing": [
            _event(one.raised) | {"values": one.alarm.values, "found_ns": one.found_ns}
            for one in of.board.standing.values()
        ],
        "events": [_event(one) for one in of.board.events],
    }


def from_dict(given: Any) -> NamedBoard:
    """What `to_dict` was given. Alarms of codes that this version doesn't know are left out. ValueError if it isn't a
    board."""
    try:
        if given["format"] != FORMAT:
            raise ValueError(f"a board of format {given['format']}")
        board = Board(last=int(given["last"]))
        for one in given["standing"]:
            if (event := _read(one)) is not None:
                key = event.alarm.code, event.alarm.about
                board.standing[key] = Standing(event, event.alarm, int(one["found_ns"]))
        board.events.extend(event for one in given["events"] if (event := _read(one)) is not None)
        return NamedBoard(str(given["board"]), board)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a board of alarms") from error


def _event(event: Event) -> dict[str, Any]:
    return {
        "number": event.number, "at_ns": event.at_ns, "kind": event.kind, "code": event.alarm.code.value,
        "about": event.alarm.about, "values": event.alarm.values,
    }  # fmt: skip


def _read(one: Mapping[str, Any]) -> Event | None:
    if one["code"] not in set(Code):
        return None
    values = {str(key): value if isinstance(value, int) else str(value) for key, value in one["values"].items()}
    alarm = Alarm(Code(one["code"]), values, str(one["about"]))
    kind = "raised" if one["kind"] == "raised" else "cleared"
    return Event(number=int(one["number"]), at_ns=int(one["at_ns"]), kind=kind, alarm=alarm)  # type: ignore[arg-type]
