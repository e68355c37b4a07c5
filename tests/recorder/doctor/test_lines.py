"""Who is who, guessed from traffic, against what the generator meant; and that a proposal can be used as it is."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from capture.files import open_capture
from recorder.cli import program
from recorder.doctor.lines import Proposal, passed_on, patterns, propose
from recorder.doctor.signalling import Invite
from recorder.doctor.watching import Watcher
from recorder.lines import Patterns
from recorder.settings import Settings, check
from tests import wire
from tests.pbx import audio, configuration, exchange
from tests.pbx.exchange import CARRIER, EXTENSIONS, PBX_LAN, PBX_TRUNK
from tests.pbx.interleave import Day, interleave
from tests.pbx.scenarios import HABITS, make
from tests.recorder.doctor.mirror import call, framed, look

SECOND = 10**9


@pytest.fixture(scope="module")
def day() -> Day:
    return interleave(60, 1)


@pytest.fixture(scope="module")
def proposed(day: Day) -> Proposal:
    found = look(day.frames).proposal
    assert found is not None
    return found


def test_a_busy_hour_tells_who_is_who(proposed: Proposal) -> None:
    found = proposed

    assert set(found.exchange) == {PBX_LAN[0], PBX_TRUNK[0]}
    assert set(found.trunks) == {CARRIER[audio.MU][0]}
    assert found.outside_prefixes == (exchange.PREFIX,)
    assert set(found.own_numbers) <= {
        exchange.MAIN, exchange.SECTION, exchange.GROUP, exchange.CONSULTATION, exchange.UNKNOWN
    }  # fmt: skip
    assert exchange.MAIN in found.own_numbers
    ours = Patterns(found.extensions)
    assert sum(ours.match(number) is not None for number in EXTENSIONS) > 20
    assert all(telephone.startswith("10.20.1.") for telephone in found.telephones)


def test_no_number_of_a_citizen_is_told(day: Day, proposed: Proposal) -> None:
    outside = {call.caller for call in day.calls if call.direction == "inbound"}

    assert outside and not outside & set(proposed.own_numbers + proposed.extensions)


def test_a_proposal_is_a_configuration(proposed: Proposal) -> None:
    settings, faults = check(proposed.as_toml().encode())

    assert faults == [] and settings is not None
    assert settings.lines.telephones_seen
    assert [str(network) for network in settings.lines.exchange] == [f"{PBX_LAN[0]}/32", f"{PBX_TRUNK[0]}/32"]


def test_calls_are_told_by_the_proposal_as_by_what_an_engineer_wrote(
    day: Day, proposed: Proposal, tmp_path: Path
) -> None:
    capture = wire.write_pcap(tmp_path / "day.pcap", day.frames)
    written = configuration.toml("trunks", "exchange", "own_numbers", "extensions", "telephones_seen")

    def told(name: str, text: str) -> list[tuple[object, ...]]:
        config = tmp_path / f"{name}.toml"
        config.write_text(text)
        run, store = CliRunner().invoke, str(tmp_path / name)
        assert run(program, ["replay", "--store", store, "--config", str(config), str(capture)]).exit_code == 0
        calls = run(program, ["calls", "--store", store, "--json"]).stdout.splitlines()
        keys = "started_at", "direction", "outcome", "caller", "callee", "extension"
        return sorted(tuple(str(call[key]) for key in keys) for call in map(json.loads, calls))

    assert told("proposed", proposed.as_toml()) == told("written", f"{written}\n[numbers]\noutside_prefixes = ['0']\n")


@pytest.mark.parametrize("scenario", ["s01_inbound_answered", "s07_ring_group", "s17_mixed_load"])
def test_a_real_exchange_is_recognised(shared_folder: Path, scenario: str) -> None:
    with open_capture(shared_folder / "pcaps" / "pbx" / scenario / f"{scenario}.pcap") as capture:
        watcher = Watcher(Settings())
        for block in capture:
            watcher.feed(block)

    found = watcher.seen().proposal

    assert found is not None
    assert found.exchange == ("172.16.50.10", "192.168.10.5")
    assert found.trunks == ("172.16.50.2",)


@pytest.mark.parametrize("habits", ["ipv6-trunk", "ipv6-phones", "plus81", "shows-own", "tcp-phones", "challenged"])
def test_other_habits_of_exchanges_do_not_mislead(habits: str) -> None:
    """What isn't told by the traffic stays out; nobody is taken for somebody else."""
    six = "trunk" in habits and "ipv6" in habits, "phones" in habits and "ipv6" in habits
    frames = [
        frame for n in range(6)
        for frame in make(
            ("inbound", "outbound")[n % 2], random.Random(f"{habits}/{n}"), (1_795_306_500 + 60 * n) * SECOND,
            habits=HABITS[habits],
        ).frames
    ]  # fmt: skip

    found = look(frames).proposal

    assert found is not None
    assert set(found.exchange) <= {host.strip("[]") for host in (PBX_LAN[six[1]], PBX_TRUNK[six[0]])}
    assert set(found.trunks) <= {host.strip("[]") for pair in CARRIER.values() for host in pair}
    assert found.trunks and found.exchange
    tomllib.loads(found.as_toml())


def test_one_leg_alone_says_nothing() -> None:
    assert look(framed(call())).proposal is None


def test_an_exchange_is_told_by_what_registers_with_it() -> None:
    invites = [Invite(n * 100 * SECOND, 1, 2, "0312345678", "0268402000", "0268402000") for n in range(3)]
    invites += [Invite((n * 100 + 50) * SECOND, 2, 9, "0268402000", "0399998888", "0399998888") for n in range(3)]
    registered = {(7, 2): {"2101"}, (8, 2): {"2102"}, (2, 9): {"0268402000"}}
    text_of = {node: f"192.0.2.{node}" for node in (1, 2, 7, 8, 9)}

    found = propose(invites, registered, [(1, 2), (2, 9)], text_of)

    assert found is not None
    assert found.exchange == ("192.0.2.2",)
    assert found.trunks == ("192.0.2.1", "192.0.2.9")
    assert found.telephones == ("192.0.2.7", "192.0.2.8")
    assert found.own_numbers == ("0268402000",)
    assert found.extensions == ("2101", "2102")


def test_a_call_is_passed_on_by_who_sends_the_same_number_further() -> None:
    first = Invite(0, 1, 2, "0312345678", "0268402000", "0268402000")
    further = Invite(2 * SECOND, 3, 4, "0312345678", "2101", "2101")
    other = Invite(3 * SECOND, 3, 5, "0611112222", "2102", "2102")
    too_late = Invite(62 * SECOND, 3, 6, "0312345678", "2103", "2103")

    assert passed_on([first, further, other, too_late]) == [(first, further)]


def test_who_is_called_with_the_number_that_the_office_shows_is_no_exchange() -> None:
    """The exchange shows its main number to the carrier, and to its own telephones."""
    dialled = Invite(0, 7, 2, "2101", "00399998888", "00399998888")
    outward = Invite(1 * SECOND, 3, 9, "0268402000", "0399998888", "0399998888")
    inward = Invite(2 * SECOND, 2, 8, "0268402000", "2102", "2102")

    assert passed_on([dialled, outward, inward]) == [(dialled, outward)]


def test_many_numbers_alike_become_a_pattern() -> None:
    many = [f"21{n:02d}" for n in range(8)]

    assert patterns([*many, "3001", "0268402000"]) == ("0268402000", "21XX", "3001")
