"""Several processes at one mirror port: each takes the audio of its share of the calls, and one follows them all."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder.figures import read as figures
from recorder.shares.owner import owner_of
from tests.capture.wire.cables import Cable
from tests.recorder.daemon.runs import Run, Talk, calls, running, verified
from tests.recorder.daemon.test_processes import account, children
from tests.recorder.daemon.test_restart import expected
from tests.recorder.daemon.test_wire import send
from tests.wire import Frame

SHARES = 2


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "recorder.toml"
    (tmp_path / "run").mkdir()
    path.write_text(f'[capture]\nshares = {SHARES}\n[status]\nlive = "{tmp_path}/run/live.json"\n')
    return path


def talks_of_each_share() -> list[Talk]:
    """Two calls a share."""
    found: list[Talk] = []
    for number in range(1, 100):
        talk = Talk(number)
        owner = owner_of(talk.names["call_id"], SHARES)
        if sum(owner_of(one.names["call_id"], SHARES) == owner for one in found) < 2:
            found.append(talk)
    return found


def together(*frames: list[Frame]) -> list[Frame]:
    return sorted(one for some in frames for one in some)


def test_every_call_is_heard_by_one_and_all_are_in_one_store(tmp_path: Path, cable: Cable, config: Path) -> None:
    """Every sample of each, each frame counted once, an account that is balanced, and figures of all."""
    store, talks = tmp_path / "store", talks_of_each_share()
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        assert len(children(run)) == SHARES
        send(cable, together(*([*talk.setup(), *talk.says(0, 1)] for talk in talks)))
        time.sleep(1.5)
        during = figures.read(tmp_path / "run" / "live.json")
        send(cable, together(*(talk.bye(2.6) for talk in talks)))
        time.sleep(1)
        assert run.stop() < 10 and run.process.returncode == 0, run.errors

    frames = sum(len([*talk.setup(), *talk.says(0, 1), *talk.bye(2.6)]) for talk in talks)
    assert during is not None and during.pid == run.process.pid
    assert (during.calls.talking, len(during.interfaces), during.frames) == (len(talks), 1, frames - 2 * len(talks))
    found = {one["call_ids"][0]: one for one in calls(store)}
    assert len(found) == len(talks)
    for talk in talks:
        one = found[talk.names["call_id"]]
        assert (one["end_reason"], one["flags"]) == ("bye", [])
        samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
        wanted = expected(talk, 0, 1)
        for side in (0, 1):
            begins = int(np.flatnonzero(samples[:, side])[0]) - int(np.flatnonzero(wanted[:, side])[0])
            said = samples[max(begins, 0) : max(begins, 0) + len(wanted), side]
            assert np.array_equal(said, wanted[: len(said), side]) and len(said) > len(wanted) - 80
    assert verified(store) == ""
    told = account(store)
    assert told.returncode == 0 and str(frames) in told.stdout, told.stdout + told.stderr
    assert "elsewhere" not in told.stdout  # all of the others' packets were heard by them


@pytest.mark.parametrize(("killed", "shares_then"), [("an ear", SHARES), ("all", 3), ("all", 1)])
def test_when_one_dies_all_are_started_again_and_every_call_goes_on(
    killed: str, shares_then: int, tmp_path: Path, cable: Cable, config: Path
) -> None:
    """As systemd would, after the settings were changed perhaps: each call goes on in its one recording, with a gap."""
    store, talks = tmp_path / "store", talks_of_each_share()
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, together(*([*talk.setup(), *talk.says(0, 1)] for talk in talks)))
        time.sleep(1)
        if killed == "an ear":
            os.kill(children(run)[1], signal.SIGKILL)
            assert run.process.wait(10) != 0
            assert "A process that hears audio has ended" in run.errors and "Traceback" not in run.errors
        else:
            for pid in [*children(run), run.process.pid]:
                os.kill(pid, signal.SIGKILL)
            run.process.wait(10)
    config.write_text(config.read_text().replace(f"shares = {SHARES}", f"shares = {shares_then}"))
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as again:
        again.wait_for(f"{len(talks)} calls going on")
        send(cable, together(*([*talk.says(3, 3.5), *talk.bye(3.6)] for talk in talks)))
        time.sleep(1)
        again.stop()

    found = calls(store)
    assert sorted(one["call_ids"][0] for one in found) == sorted(talk.names["call_id"] for talk in talks)
    assert [(one["end_reason"], one["flags"]) for one in found] == [("bye", ["recording_gap"])] * len(talks)
    assert verified(store) == ""


def test_a_stop_in_peace_loses_nothing(tmp_path: Path, cable: Cable, config: Path) -> None:
    """SIGTERM in mid-call, to all at once as systemd does: what was said is there, and the next start goes on."""
    store, talks = tmp_path / "store", talks_of_each_share()
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, together(*([*talk.setup(), *talk.says(0, 1)] for talk in talks)))
        for pid in children(run):
            os.kill(pid, signal.SIGTERM)
        assert run.stop() < 10 and run.process.returncode == 0, run.errors
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as again:
        again.wait_for(f"{len(talks)} calls going on")
        send(cable, together(*([*talk.says(3, 3.5), *talk.bye(3.6)] for talk in talks)))
        time.sleep(1)
        again.stop()

    found = calls(store)
    assert [[stream["packets"] for stream in one["recording"]["streams"]] for one in found] == [[75, 75]] * len(talks)
    assert [(one["end_reason"], one["flags"]) for one in found] == [("bye", ["recording_gap"])] * len(talks)
    assert verified(store) == "" and account(store).returncode == 0


def test_the_process_that_leads_may_stand_still(tmp_path: Path, cable: Cable, config: Path) -> None:
    """What it doesn't take waits in the ears, and none of it is lost."""
    store, talks = tmp_path / "store", talks_of_each_share()
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, together(*([*talk.setup(), *talk.says(0, 0.5)] for talk in talks)))
        run.process.send_signal(signal.SIGSTOP)
        send(cable, together(*(talk.says(0.5, 2.5) for talk in talks)))
        run.process.send_signal(signal.SIGCONT)
        send(cable, together(*([*talk.says(2.5, 3), *talk.bye(3.05)] for talk in talks)))
        time.sleep(1)
        run.stop()

    told = [(one["flags"], [stream["packets"] for stream in one["recording"]["streams"]]) for one in calls(store)]
    assert told == [([], [150, 150])] * len(talks)
    assert verified(store) == "" and account(store).returncode == 0


def test_an_ear_may_stand_still(tmp_path: Path, cable: Cable, config: Path) -> None:
    """Its ring holds what comes, and a call that ends meanwhile waits for what was said in it."""
    store, talks = tmp_path / "store", talks_of_each_share()
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, together(*([*talk.setup(), *talk.says(0, 0.5)] for talk in talks)))
        ear = children(run)[0]
        os.kill(ear, signal.SIGSTOP)
        send(cable, together(*([*talk.says(0.5, 2.5), *talk.bye(2.55)] for talk in talks)))
        os.kill(ear, signal.SIGCONT)
        time.sleep(1.5)
        run.stop()

    told = [(one["flags"], [stream["packets"] for stream in one["recording"]["streams"]]) for one in calls(store)]
    assert told == [([], [125, 125])] * len(talks)
    assert account(store).returncode == 0


def test_what_an_ear_has_no_room_for_is_told_of_the_calls_that_ran(tmp_path: Path, cable: Cable, config: Path) -> None:
    """A ring that is too small, and a flood while the ear is stopped: flags, drops in the figures, an account."""
    store, talks = tmp_path / "store", talks_of_each_share()
    config.write_text(config.read_text().replace("shares", "ring_bytes = 1048576\nshares"))
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, together(*([*talk.setup(), *talk.says(0, 1)] for talk in talks)))
        ear = children(run)[1]
        os.kill(ear, signal.SIGSTOP)
        cable.send([b"\xff" * 12 + b"\x88\xb5" + bytes(1400) for _ in range(4000)])
        os.kill(ear, signal.SIGCONT)
        time.sleep(2)
        during = figures.read(tmp_path / "run" / "live.json")
        send(cable, together(*([*talk.says(3, 3.5), *talk.bye(3.6)] for talk in talks)))
        time.sleep(1)
        run.stop()

    assert during is not None and during.dropped > 0
    assert ["packets_lost_in_capture" in one["flags"] for one in calls(store)] == [True] * len(talks)
    assert account(store).returncode == 0


def test_settings_are_read_again_by_all(tmp_path: Path, cable: Cable, config: Path) -> None:
    """A faulty file is refused once; the encoding of a good one holds for calls that begin after it."""
    store, talks, as_it_was = tmp_path / "store", talks_of_each_share(), config.read_text()
    with running(store, "--interface", cable.near, "--config", str(config), interface=None) as run:
        send(cable, together(*([*talk.setup(), *talk.says(0, 0.5), *talk.bye(0.6)] for talk in talks[:2])))
        config.write_text("[recording]\nencoding = 'mp3'\n" + as_it_was)
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("The settings stay as they were.")
        config.write_text("[recording]\nencoding = 'g711'\n" + as_it_was)
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("The settings were read again")
        send(cable, together(*([*talk.setup(), *talk.says(0, 0.5), *talk.bye(0.6)] for talk in talks[2:])))
        time.sleep(1)
        run.stop()

    encodings = {one["call_ids"][0]: one["recording"]["encoding"] for one in calls(store)}
    assert [encodings[talk.names["call_id"]] for talk in talks] == ["pcm16", "pcm16", "g711", "g711"]


def test_an_interface_that_is_not_there_is_one_sentence(tmp_path: Path, config: Path) -> None:
    run = Run(tmp_path / "store", "--interface", "nosuch0", "--config", str(config), interface=None)
    assert run.end() == 2
    assert "nosuch0" in run.errors and "Traceback" not in run.errors
