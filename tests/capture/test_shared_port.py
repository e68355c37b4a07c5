"""A carrier that sends several calls from one port: nobody ever hears another call, whoever pauses."""

from __future__ import annotations

import pytest

from tests.capture.scene import Speech, assert_says, back, dialled, listen, speech
from tests.wire import Frame

Said = tuple[list[Speech], list[Speech], str]
CALLEES = ["192.0.2.20:50000", "192.0.2.20:50002", "192.0.2.20:50004"]
APART_MS, TALK_MS = 3000, 12_000


def calls(*, quiet: int, pause_ms: tuple[int, int], side: int, ring_ms: int = 0) -> tuple[list[Frame], list[Said]]:
    """Three calls, three seconds apart; one party of one of them pauses. With `ring_ms`, the callee's side is heard so
    long before the answer, as an announcement is."""
    frames: list[Frame] = []
    said: list[Said] = []
    for number, callee in enumerate(CALLEES):
        at_ms = number * APART_MS
        answer_ms = at_ms + 900 + ring_ms
        frames += dialled(f"call-{number}", at_ms=at_ms, answer_ms=answer_ms, end_ms=at_ms + TALK_MS, callee=callee)
        until_ms = at_ms + TALK_MS - 100
        count = (until_ms - answer_ms - 100) // 20
        down = speech(at_ms=answer_ms + 100, count=count, destination=callee, ssrc=number + 1)
        up = back(at_ms=at_ms + 1000, count=(until_ms - at_ms - 1000) // 20, source=callee, ssrc=number + 11)
        both = [[down], [up]]
        if number == quiet:
            both[side] = [both[side][0].between(0, pause_ms[0]), both[side][0].between(pause_ms[1], 1 << 30)]
        frames += [frame for one in (*both[0], *both[1]) for frame in one.frames()]
        said.append((both[0], both[1], f"call-{number}@192.0.2.10"))
    return frames, said


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("quiet", [0, 1, 2])
@pytest.mark.parametrize("pause_ms", [300, 1500, 2500])
def test_who_pauses_is_not_replaced_by_another_call(quiet: int, side: int, pause_ms: int) -> None:
    frames, said = calls(quiet=quiet, pause_ms=(8000, 8000 + pause_ms), side=side)

    heard = listen(frames)

    for recorded, (down, up, call_id) in zip(heard.all, said, strict=True):
        assert recorded.call.call_id == call_id
        assert_says(recorded, down, up)


@pytest.mark.parametrize("quiet", [0, 1, 2])
def test_nor_by_one_that_is_heard_before_its_answer(quiet: int) -> None:
    """Until its answer nobody knows whose announcement it is: not that of a call that has its speaker."""
    frames, said = calls(quiet=quiet, pause_ms=(6500, 10_500), side=1, ring_ms=3000)

    heard = listen(frames)

    for recorded, (down, up, call_id) in zip(heard.all, said, strict=True):
        assert recorded.call.call_id == call_id
        assert_says(recorded, down, up)
