"""Which line is of which call, and what is told when it isn't so."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.account.cdr import Line
from recorder.account.likeness import begin_together, same
from recorder.account.matching import agreement, conversations, match
from recorder.account.reconcile import Reconciliation, reconcile
from recorder.settings import Cdr
from storage.records import CallRecord, RecordingRecord

SECOND = 10**9
START = 1_795_306_502 * SECOND  # 2026-11-22 09:15:02 in Japan
Told = tuple[str, tuple[int, ...], str | None]
KEPT = RecordingRecord(starts_ns=START)
OUTSIDE, MAIN = "0312345678", "0236411212"


def call(name: str = "1", at: float = 0, length: float = 60, **changes: Any) -> CallRecord:
    """An inbound call that 2101 answered at once."""
    begin = START + round(at * SECOND)
    made = CallRecord(
        id=name, started_ns=begin, answered_ns=begin, ended_ns=begin + round(length * SECOND), caller=OUTSIDE,
        callee=MAIN, extension="2101", end_reason="bye", recording=KEPT,
    )  # fmt: skip
    return replace(made, **changes)


def silent(name: str = "1", at: float = 0, length: float = 60, **changes: Any) -> CallRecord:
    return call(name, at, length, recording=None, **changes)


def line(number: int = 2, at: float = 0, length: float = 60, **changes: Any) -> Line:
    """What the exchange says of `call`."""
    begin = START + round(at * SECOND)
    made = Line(
        number=number, start_ns=begin, answer_ns=begin, end_ns=begin + round(length * SECOND), talk_s=length,
        caller=OUTSIDE, callee=MAIN, answered=True, disposition="ANSWERED",
    )  # fmt: skip
    return replace(made, **changes)


def told(result: Reconciliation) -> list[Told]:
    return [(finding.kind, finding.lines, finding.call) for finding in result.findings]


def compared(lines: list[Line], calls: list[CallRecord], **settings: Any) -> list[Told]:
    return told(reconcile(lines, calls, Cdr(**settings), "2026-11-22"))


MISSING, UNLISTED = ("line_without_call", (2,), None), ("call_without_line", (), "1")


def test_a_line_and_its_call_agree() -> None:
    assert compared([line(at=-0.9)], [call()]) == []


def test_what_either_side_lacks_is_told() -> None:
    assert compared([line()], []) == [MISSING]
    assert compared([], [call()]) == [UNLISTED]
    assert compared([line(at=6)], [call()]) == [UNLISTED, MISSING]
    assert compared([line(caller="0355556666")], [call()]) == [UNLISTED, MISSING]


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ({"caller": MAIN, "callee": "0355556666", "extension": "2102"}, {"caller": "2102", "callee": "0355556666"}),
        ({"caller": MAIN, "callee": "0355556666"}, {"caller": MAIN, "callee": "00355556666"}),  # prefix of the line
        ({}, {"callee": "411212"}),  # without the area code
        ({}, {"callee": "2101"}),
        ({"caller": None}, {"caller": None}),
        ({"caller": None}, {}),
        ({"caller": "2101", "callee": "2103", "extension": None}, {"caller": "2101", "callee": "2103"}),
        ({"caller": None, "callee": None, "extension": None, "outcome": "excluded", "recording": None}, {}),
    ],
)
def test_numbers_in_any_role_and_writing(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert compared([line(**theirs)], [call(**ours)]) == []


def test_numbers_of_others_are_not_the_same() -> None:
    assert not same("2101", "02101") and not same("12345", "0312345") and same("0312345678", "312345678")


def test_an_excluded_call_is_known_by_both_its_ends() -> None:
    nameless = silent(caller=None, callee=None, extension=None, outcome="excluded")

    assert compared([line(length=62)], [nameless]) == []
    assert compared([line(length=90)], [nameless]) == [UNLISTED, MISSING]
    [finding] = reconcile([], [nameless], Cdr()).findings
    assert "excluded" in finding.text


def test_lengths_decide_between_calls_that_nothing_else_tells_apart() -> None:
    nameless = {"caller": None, "callee": None, "extension": None, "outcome": "excluded", "recording": None}
    calls = [call("1", 0, 10, **nameless), call("2", 0, 14, **nameless)]
    found = conversations([line(2, 0, 14), line(3, 0, 10, caller="0399998888")])

    assert match(found, calls, 5 * SECOND) == []
    assert {one.lines[0].number: one.calls[0].id for one in found} == {2: "2", 3: "1"}


def test_the_line_of_another_call_never_explains_one() -> None:
    """The main number rings up two people at once; one of the two calls was not seen."""
    lines = [line(2, caller=MAIN, callee="0355550001"), line(3, caller=MAIN, callee="0355550002")]

    assert compared(lines, [call(caller=MAIN, callee="0355550002")]) == [MISSING]


def test_a_second_call_after_a_busy_tone_is_a_call_of_its_own() -> None:
    lines = [line(2, 0, 1, answered=False, answer_ns=None, disposition="BUSY"), line(3, 3, 60)]
    calls = [silent("a", 0, 1, outcome="unanswered", end_reason="busy", answered_ns=None), call("b", 3, 60)]

    assert compared(lines, calls) == []
    assert compared(lines, calls[1:]) == [("line_without_call", (2,), None)]
    assert compared(lines[1:], calls) == [("call_without_line", (), "a")]


@pytest.mark.parametrize("name", ["", "17.1"])
def test_a_ring_group_is_one_call(name: str) -> None:
    lines = [
        line(2, 0, 12, answered=False, talk_s=0.0, disposition="NO ANSWER", conversation=name),
        line(3, 9, 51, answered=True, conversation=name),
        line(4, 9, 3, answered=False, talk_s=0.0, disposition="NO ANSWER", conversation=name),
    ]

    assert compared(lines, [call()]) == []
    assert [found[0] for found in compared(lines, [])] == ["line_without_call"] * 3
    assert compared([], [call()]) == [UNLISTED]


@pytest.mark.parametrize("name", ["", "17.1"])
def test_a_transfer_is_one_call(name: str) -> None:
    lines = [line(2, 0, 20, conversation=name), line(3, 20, 40, callee="2103", conversation=name)]

    assert compared(lines, [call(flags=("transferred",))]) == []
    # What the call was over before isn't explained by it.
    assert compared(lines, [call(length=14)])[-1] == ("line_without_call", (3,), None)


def test_an_exchange_that_writes_the_last_number_into_every_line() -> None:
    lines = [line(2, 0, 20, callee="2103", conversation="7"), line(3, 20, 40, callee="2103", conversation="7")]

    assert compared(lines, [call(extension=None)]) == []


def test_a_consultation_may_be_of_the_call_or_one_of_its_own() -> None:
    lines = [line(2, conversation="7"), line(3, 20, 9, caller="2101", callee="2103", conversation="8")]
    consultation = call("2", 20, 9, caller="2101", callee="2103", extension=None)

    assert compared(lines, [call(flags=("transferred",))]) == []
    assert compared(lines, [call(flags=("transferred",)), consultation]) == []
    assert compared(lines, [call()]) == [("line_without_call", (3,), None)]
    of_one = [replace(one, conversation="7") for one in lines]
    assert compared(of_one, [call(), consultation]) == []


@pytest.mark.parametrize(
    "ours, words",
    [
        ({"outcome": "no_audio", "flags": ("held", "encrypted")}, "no_audio: encrypted"),
        ({"outcome": "no_audio"}, "no_audio: no packets were seen"),
        ({"outcome": "unanswered", "end_reason": "cancelled", "answered_ns": None}, "unanswered, cancelled"),
    ],
)
def test_answered_there_and_not_kept_here(ours: dict[str, Any], words: str) -> None:
    [finding] = reconcile([line()], [silent(**ours)], Cdr()).findings

    assert (finding.kind, finding.lines, finding.call) == ("outcome_differs", (2,), "1")
    assert words in finding.text


def test_lengths_that_differ_are_told() -> None:
    assert compared([line(length=57.5)], [call()]) == []
    assert compared([line(length=50)], [call()]) == [("duration_differs", (2,), "1")]
    assert compared([line(length=50)], [call()], duration_tolerance_s=15.0) == []
    # An exchange may count from when a person answered.
    assert compared([line(length=60, talk_s=48.0)], [call(talk_ns=START + 12 * SECOND)]) == []


def test_a_call_that_was_met_on_its_way_is_known_by_its_end() -> None:
    met = call(at=40, length=20, flags=("signalling_missing",))

    assert compared([line()], [met]) == [("duration_differs", (2,), "1")]


def test_an_exchange_may_leave_out_what_nobody_answered() -> None:
    unanswered = silent(outcome="unanswered", answered_ns=None)

    assert compared([], [unanswered], lists_unanswered=False) == []
    assert compared([], [unanswered]) == [UNLISTED]


@pytest.mark.parametrize("ahead", [37, -32_400, 54_000 - 10])
def test_a_clock_that_is_off_is_found_and_told(ahead: int) -> None:
    calls = [call(str(k), at=k * 40 * (1 + k % 3), length=30 + k, caller=f"031234000{k}") for k in range(6)]
    lines = [line(k, ahead + k * 40 * (1 + k % 3) - 0.5, 30 + k, caller=f"031234000{k}") for k in range(1, 6)]

    result = reconcile(lines, calls, Cdr())

    assert told(result) == [("call_without_line", (), "0")]
    assert result.offset_s == ahead - 0.5
    assert result.days == ["2026-11-22"]


def test_a_small_steady_difference_is_told_and_a_wavering_one_is_not() -> None:
    calls = [call(str(k), at=100 * k) for k in range(3)]

    assert reconcile([line(k, 100 * k + 3) for k in range(3)], calls, Cdr()).offset_s == 3.0
    assert reconcile([line(k, 100 * k + 2 * k) for k in range(3)], calls, Cdr()).offset_s is None
    assert reconcile([line(k, 100 * k - 0.7) for k in range(3)], calls, Cdr()).offset_s is None


def test_calls_at_regular_times_are_no_other_clock() -> None:
    calls = [call(str(k), at=60 * k, length=30) for k in range(10)]

    result = reconcile([line(k, 60 * k, 30) for k in range(1, 10)], calls, Cdr())

    assert (told(result), result.offset_s) == ([("call_without_line", (), "0")], None)


def test_other_days_explain_and_are_not_told() -> None:
    to_midnight = 14 * 3600 + 44 * 60 + 58
    lines = [line(2, to_midnight + 0.5), line(3, to_midnight + 500)]
    calls = [call("1", to_midnight - 0.5), call("2", to_midnight + 900)]

    assert told(reconcile(lines, calls, Cdr(), "2026-11-22")) == []
    assert [found[0] for found in told(reconcile(lines, calls, Cdr(), "2026-11-23"))] == [MISSING[0], UNLISTED[0]]


# against one that tries everything

few = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 9), st.sampled_from([None, "0311110001", "0311110002"])), max_size=4
)


@given(few, few, st.randoms(use_true_random=False))
def test_no_other_way_gives_more_conversations_their_call(
    theirs: list[tuple[int, int, str | None]], ours: list[tuple[int, int, str | None]], chance: random.Random
) -> None:
    lines = [line(k, at, length, caller=caller, conversation=f"c{k}") for k, (at, length, caller) in enumerate(theirs)]
    calls = [call(str(k), at, length, caller=caller) for k, (at, length, caller) in enumerate(ours)]
    tolerance = 5 * SECOND
    found = conversations(lines)

    left = match(found, calls, tolerance)

    def value(pairs: list[tuple[int, int]]) -> tuple[int, int]:
        likes = [agreement(found[a], calls[b], tolerance) for a, b in pairs]
        return len(pairs), sum(like or 0 for like in likes)

    able = [
        (a, b)
        for a, b in itertools.product(range(len(found)), range(len(calls)))
        if begin_together(found[a].start_ns, found[a].last_ns, calls[b], tolerance)
        and agreement(found[a], calls[b], tolerance) is not None
    ]
    ways = [
        list(some)
        for size in range(min(len(found), len(calls)) + 1)
        for some in itertools.combinations(able, size)
        if len({a for a, _ in some}) == len({b for _, b in some}) == size
    ]
    mine = [(a, calls.index(one.calls[0])) for a, one in enumerate(found) if one.calls]
    mine = [pair for pair in mine if pair in able]
    assert value(mine) == max(map(value, ways))
    # No call is in two conversations, and none is lost.
    names = [one.id for one in left] + [one.id for part in found for one in part.calls]
    assert sorted(names) == sorted(one.id for one in calls)

    chance.shuffle(lines)
    chance.shuffle(calls)
    again = conversations(lines)
    match(again, calls, tolerance)
    assert [[one.id for one in part.calls] for part in again] == [[one.id for one in part.calls] for part in found]
