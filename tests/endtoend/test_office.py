"""A real exchange and real telephones call each other, and the recordings hold what they said.

kamailio with rtpengine; baresip, linphone, sipp and pyVoIP; in network namespaces, with the commands and files of
docker-compose.yml. Two recorders watch: one the bridge itself, as under Docker; one a port that gets all frames, under
the restrictions of the shipped units, with the housekeeping beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import soundfile

from tests.conftest import needs_root
from tests.endtoend.heard import Samples, compare
from tests.endtoend.hub import HubError
from tests.endtoend.office import Office, office
from tests.sandbox.machine import USERS

pytestmark = pytest.mark.long

# caller, callee -> direction, extension, what the two were given to say. The telephones of baresip call themselves
# 2101-0x55... and the like: they are known by their registrations.
CALLS = {
    ("0312345678", "0398765432"): ("inbound", "2101", ("citizen", "2101")),
    ("2102", "0311112222"): ("outbound", "2102", ("2102", "carrier")),
    ("2103", "2104"): ("internal", "2104", ("2103", "2104")),
    ("2105", "2102"): ("internal", "2102", ("2105", "2102")),
    ("2105", "2103"): ("internal", "2103", ("2105", "2103")),
}
SENDS_8_BITS = "2103"  # pyVoIP: linear samples of 8 bits, made into µ-law
RECORDERS = ("bridge", "mirror")


@pytest.fixture(scope="module")
def after_a_round(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office when everybody has called once, and all is stopped."""
    needs_root()
    folder = tmp_path_factory.mktemp("office")
    try:
        with office(folder) as made:
            made.wait_for_calls(CALLS, timeout_s=70)
            made.raised = made.alarms()
            made.held = {name: made.rights_of(name) for name in ("mirror", "keeper")}
            made.close()
            made.stopped = {recorder: made.calls(recorder) for recorder in RECORDERS}
            yield made
    except HubError as error:
        pytest.skip(f"network namespaces can't be made here: {error}")


def by_parties(made: Office, recorder: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The first call of each pair."""
    return {(one["caller"], one["callee"]): one for one in reversed(made.stopped[recorder])}


@pytest.mark.parametrize("recorder", RECORDERS)
def test_each_call_is_one_object_with_its_numbers(after_a_round: Office, recorder: str) -> None:
    """Though a proxy and a media relay stand between, and each packet of it passes twice."""
    listed, found = after_a_round.stopped[recorder], by_parties(after_a_round, recorder)

    assert found.keys() == CALLS.keys(), after_a_round.told()
    assert len(listed) <= len(CALLS) + 1, listed  # the citizen may have begun to call again
    for parties, one in found.items():
        direction, extension, _ = CALLS[parties]
        assert (one["direction"], one["outcome"], one["end_reason"]) == (direction, "recorded", "bye"), one
        assert one["extension"] == extension, one
        assert len(one["call_ids"]) == 1 and one["flags"] == [], one
        assert 4 < one["duration_s"] < 9, one


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize("parties", CALLS)
def test_the_recording_holds_what_was_said(after_a_round: Office, recorder: str, parties: tuple[str, str]) -> None:
    """To the sample, from telephones that send their file as it is; by its shape, from the one that doesn't."""
    one = by_parties(after_a_round, recorder)[parties]
    recorded, rate = soundfile.read(after_a_round.stores[recorder] / one["recording"]["path"], dtype="int16")
    assert rate == 8000 and len(recorded) > 4 * 8000
    for channel, speaker in enumerate(CALLS[parties][2]):
        heard = compare(recorded[:, channel], speech_of(after_a_round, speaker))
        assert heard.windows >= 4
        if speaker == SENDS_8_BITS:
            assert heard.correlation > 0.95, heard
        else:
            # A telephone on a busy machine may leave out 20 ms.
            assert heard.exact_share > 0.9 and heard.correlation > 0.5, heard


def speech_of(made: Office, speaker: str) -> Samples:
    samples, _ = soundfile.read(made.speech / f"{speaker}.wav", dtype="int16")
    return samples >> 8 << 8 if speaker == SENDS_8_BITS else samples


@pytest.mark.parametrize("recorder", RECORDERS)
def test_nothing_is_missing_and_nothing_was_altered(after_a_round: Office, recorder: str) -> None:
    for command in ("account", "verify"):
        done = after_a_round.run_on(recorder, command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_list_that_compose_shows_has_the_calls(after_a_round: Office) -> None:
    listed = after_a_round.processes["calls"].said
    assert all(number in listed for number in ("0312345678", "0311112222", "2104")), listed


def test_the_units_hold_their_restrictions_while_they_record(after_a_round: Office) -> None:
    """Else the tests above had tried another program than the one that ships."""
    assert after_a_round.held == {
        # one capability, of raw sockets, as effective and as the most it may ever have; filters of system calls
        "mirror": {"CapEff": "0000000000002000", "CapBnd": "0000000000002000", "NoNewPrivs": "1", "Seccomp": "2",
                   "Uid": str(USERS["recorder-capture"])},
        "keeper": {"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2",
                   "Uid": str(USERS["recorder-keeper"])},
    }  # fmt: skip


def test_housekeeping_sees_nothing_amiss_while_calls_are_recorded(after_a_round: Office) -> None:
    """Beside the recorder, on its store. Of the machine that tests run on it may say what it likes."""
    of_this_machine = {"clock_not_synchronised", "sweep_refused", "disk_nearly_full", "room_runs_out"}
    assert after_a_round.raised - of_this_machine == set()
