"""An alarm rings once, stands as long as it is found, and is cleared once; a restart changes nothing of that."""

from __future__ import annotations

import json

import pytest

from recorder.alarms import notes
from recorder.alarms.alarm import Alarm
from recorder.alarms.board import EVENTS, REST_S, Board
from recorder.alarms.code import Code
from recorder.alarms.notes import NamedBoard

SECOND = 1_000_000_000
FULL = Alarm(Code.DISK_FULL, {"free": "0 B", "store": "/s"})
DISK = {Code.DISK_FULL, Code.DISK_READ_ONLY}


def kinds(board: Board, at_s: int, *found: Alarm, about: set[Code] = DISK) -> list[str]:
    return [event.kind for event in board.look(at_s * SECOND, found, about)]


def test_an_alarm_is_raised_once_and_cleared_once() -> None:
    board = Board()

    told = [kinds(board, at_s, FULL) for at_s in range(10)] + [kinds(board, 10 + at_s) for at_s in range(2 * REST_S)]

    assert [kind for some in told for kind in some] == ["raised", "cleared"]
    assert board.alarms() == []


def test_one_that_comes_and_goes_goes_on_standing() -> None:
    board = Board()

    told = [kinds(board, at_s, *[FULL][: at_s % 2]) for at_s in range(600)]

    assert sum(told, []) == ["raised"]


def test_who_looks_for_other_things_clears_nothing() -> None:
    board = Board()
    kinds(board, 0, FULL)

    assert kinds(board, 10_000, about={Code.CLOCK_NOT_SYNCHRONISED}) == []
    assert board.alarms() == [FULL]


def test_two_interfaces_are_two_alarms() -> None:
    board = Board()
    one, other = (Alarm(Code.NO_PACKETS, {"interface": name}, about=name) for name in ("eth1", "eth2"))

    assert kinds(board, 0, one, other, about={Code.NO_PACKETS}) == ["raised", "raised"]
    assert kinds(board, REST_S, other, about={Code.NO_PACKETS}) == ["cleared"]


def test_the_worst_comes_first() -> None:
    board = Board()
    few = Alarm(Code.INODES_FEW, {"count": 3})
    board.look(0, [few], {Code.INODES_FEW})
    kinds(board, 1, FULL)

    assert board.alarms() == [FULL, few]


def test_a_clock_that_goes_back_doesn_t_keep_an_alarm_standing() -> None:
    board = Board()
    kinds(board, 1_000_000, FULL)

    kinds(board, 10)

    assert kinds(board, 10 + REST_S) == ["cleared"]


def test_an_alarm_that_nobody_looked_for_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="disk_full"):
        kinds(Board(), 0, FULL, about={Code.NO_PACKETS})


def test_a_restart_rings_nothing_again() -> None:
    named = NamedBoard()
    kinds(named.board, 0, FULL)

    again = notes.from_dict(json.loads(json.dumps(notes.to_dict(named))))

    assert again == named
    assert kinds(again.board, 5, FULL) == []
    [cleared] = again.board.look((5 + REST_S) * SECOND, [], DISK)
    assert (cleared.kind, cleared.number) == ("cleared", 2)


def test_what_is_remembered_is_bounded() -> None:
    board = Board()
    for number in range(3 * EVENTS):
        kinds(board, 2 * REST_S * number, *[FULL][: number % 2])

    assert len(board.events) == EVENTS
    assert [event.number for event in board.events][-1] == board.last


@pytest.mark.parametrize("given", [None, [], {}, {"format": 2}, {"format": 1, "last": "x"}, {"format": 1, "board": "b",
    "last": 1, "standing": [{}], "events": []}])  # fmt: skip
def test_what_is_no_board_is_refused(given: object) -> None:
    with pytest.raises(ValueError):
        notes.from_dict(given)
