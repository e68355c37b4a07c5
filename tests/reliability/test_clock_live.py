"""The machine's own clock is set while calls are recorded: no sample moves, whoever was hit says so, and what begins
after it is a call like any other. The clock is put right again by the one that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.capture.wire.cables import Cable
from tests.recorder.daemon.runs import Talk, calls, running, verified
from tests.recorder.daemon.test_processes import account
from tests.recorder.daemon.test_restart import expected
from tests.recorder.daemon.test_wire import send
from tests.reliability.promises import at_night

pytestmark = pytest.mark.promise("P1", "C1", "the machine's clock is set in mid-call, and back again")
HOUR_S = 3600


class Clock:
    """The machine's."""

    def __init__(self) -> None:
        self._ahead_s = time.time() - time.monotonic()

    def step(self, by_s: float) -> None:
        """So many seconds away from what is right."""
        time.clock_settime(time.CLOCK_REALTIME, time.monotonic() + self._ahead_s + by_s)


@pytest.fixture
def clock() -> Iterator[Clock]:
    at_night()
    found = Clock()
    try:
        found.step(0)
    except PermissionError:
        pytest.skip("the machine's clock can't be set here")
    try:
        yield found
    finally:
        found.step(0)


@pytest.mark.parametrize("shares", [1, 2])
@pytest.mark.parametrize("by_s", [HOUR_S, -HOUR_S, 20, -20])
def test_no_sample_moves(by_s: float, shares: int, tmp_path: Path, cable: Cable, clock: Clock) -> None:
    config, store = tmp_path / "recorder.toml", tmp_path / "store"
    config.write_text(f"[capture]\nshares = {shares}\n")
    hit, later = Talk(1), Talk(2)
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, [*hit.setup(), *hit.says(0, 2)])
        clock.step(by_s)
        send(cable, hit.says(2, 4))
        clock.step(0)
        send(cable, [*hit.says(4, 6), *hit.bye(6.1)])
        time.sleep(1)  # nobody speaks: the machine's time is believed again
        clock.step(by_s)
        began_s = time.time()
        send(cable, [*later.setup(), *later.says(0, 2), *later.bye(2.1)])
        time.sleep(1)
        clock.step(0)
        time.sleep(1)
        assert run.stop() < 10

    found = {one["call_ids"][0]: one for one in calls(store)}
    for talk, said_s in ((hit, 6), (later, 2)):
        one = found[talk.names["call_id"]]
        assert (one["outcome"], one["end_reason"]) == ("recorded", "bye"), one
        samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
        wanted = expected(talk, 0, said_s)
        for side in (0, 1):
            begins = int(np.flatnonzero(samples[:, side])[0]) - int(np.flatnonzero(wanted[:, side])[0])
            said = samples[max(begins, 0) : max(begins, 0) + len(wanted), side]
            assert np.array_equal(said, wanted[: len(said), side]) and len(said) > len(wanted) - 400
    if abs(by_s) > 60:  # less may be a mirror's disorder
        assert "clock_stepped" in found[hit.names["call_id"]]["flags"]
        assert found[later.names["call_id"]]["flags"] == []
        started = datetime.fromisoformat(found[later.names["call_id"]]["started_at"])
        assert abs(started.timestamp() - began_s) < 1
    assert verified(store) == "" and account(store).returncode == 0
