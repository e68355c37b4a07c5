"""Interfaces go down, come up, are renamed, vanish and come back: capture follows, and says so."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from capture.wire import State, Wire, WireError
from tests.capture.wire.cables import SETTINGS, Cable, collect, ip, open_wire, udp
from tests.packages import require

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
OPEN = "import sys; from capture.wire import Wire; Wire([sys.argv[1]]).close(); print('open')"


def wait_for(wire: Wire, state: State, within_s: float = 2) -> str:
    """Read until the interface is in this state; gives what was said about it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        wire.read(0.05)
        for change in wire.changes():
            if change.state is state:
                return change.text
    raise AssertionError(f"no word of {state} within {within_s} s")


def test_frames_come_again_after_down_and_up(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    with open_wire(cable.near) as wire:
        cable.send([udp(1)])
        assert len(collect(wire, 1)) == 1
        ip("link", "set", cable.near, "down")
        assert "switched off" in wait_for(wire, State.DOWN)
        assert wire.stats()[0].state is State.DOWN
        ip("link", "set", cable.near, "up")
        wait_for(wire, State.UP)
        cable.send([udp(2)])
        assert [frame.data for frame in collect(wire, 1)] == [udp(2)]


def test_an_interface_that_is_down_at_the_start_is_heard_once_it_is_up(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    ip("link", "set", cable.near, "down")
    with open_wire(cable.near) as wire:
        wait_for(wire, State.DOWN)
        ip("link", "set", cable.near, "up")
        wait_for(wire, State.UP)
        cable.send([udp(1)])
        assert len(collect(wire, 1)) == 1


def test_a_pulled_cable_is_told(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    with open_wire(cable.near) as wire:
        ip("link", "set", cable.far, "down")
        assert "cable" in wait_for(wire, State.NO_CARRIER)
        ip("link", "set", cable.far, "up")
        wait_for(wire, State.UP)


def test_nothing_is_done_again_and_again_while_an_interface_is_down(lay_cable: Callable[..., Cable]) -> None:
    """A socket whose interface went down has an error, at which poll would return for ever."""
    cable = lay_cable()
    looked = 0

    def clock() -> float:
        nonlocal looked
        looked += 1
        return time.monotonic()

    with Wire([cable.near], SETTINGS, interval_s=0.001, monotonic_s=clock) as wire:
        ip("link", "set", cable.near, "down")
        wait_for(wire, State.DOWN)
        looked = 0
        wire.read(0.5)
        assert looked < 50


def test_a_renamed_interface_is_still_followed(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    with open_wire(cable.near) as wire:
        new = cable.near.replace("n", "x")
        ip("link", "set", cable.near, "name", new)
        assert new in wait_for(wire, State.UP)
        cable.send([udp(1)])
        assert [frame.data for frame in collect(wire, 1)] == [udp(1)]


def test_frames_longer_than_the_mtu_was_at_the_start_are_whole(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    ip("link", "set", cable.near, "mtu", "1500")
    with open_wire(cable.near) as wire:
        ip("link", "set", cable.near, "mtu", "9000")
        cable.send([udp(1, 8000)])
        assert [frame.data for frame in collect(wire, 1)] == [udp(1, 8000)]


def test_another_interface_that_takes_the_name_is_followed_instead(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    with open_wire(cable.near) as wire:
        ip("link", "set", cable.near, "name", cable.near.replace("n", "x"))
        wait_for(wire, State.UP)
        other = lay_cable(cable.near)
        wait_for(wire, State.UP)  # changing over
        assert "again" in wait_for(wire, State.UP)
        cable.send([udp(1)])
        other.send([udp(2)])
        assert [frame.data for frame in collect(wire, 1)] == [udp(2)]


def test_what_came_before_an_interface_vanished_is_read_and_it_is_opened_again_within_two_seconds(
    lay_cable: Callable[..., Cable],
) -> None:
    cable = lay_cable()
    with open_wire(cable.near) as wire:
        sent = [udp(number) for number in range(500)]
        cable.send(sent)
        cable.remove()
        assert [frame.data for frame in collect(wire, 500)] == sent
        wait_for(wire, State.GONE)
        assert wire.read(0.1) == []
        again = lay_cable(cable.near)
        assert "again" in wait_for(wire, State.UP, within_s=2)
        again.send([udp(1)])
        assert [frame.data for frame in collect(wire, 1)] == [udp(1)]
        assert wire.stats()[0].kernel_packets == wire.stats()[0].frames == 501


def test_an_interface_that_vanished_and_came_back_between_two_looks_is_opened_again(
    lay_cable: Callable[..., Cable],
) -> None:
    cable = lay_cable()
    with open_wire(cable.near) as wire:
        cable.remove()
        again = lay_cable(cable.near)
        assert "again" in wait_for(wire, State.UP, within_s=2)
        again.send([udp(1)])
        assert len(collect(wire, 1)) == 1


def test_the_others_go_on_while_one_is_gone(lay_cable: Callable[..., Cable]) -> None:
    one, other = lay_cable(), lay_cable()
    with open_wire(one.near, other.near) as wire:
        one.remove()
        wait_for(wire, State.GONE)
        other.send([udp(1)])
        assert len(collect(wire, 1)) == 1


def test_frames_of_two_interfaces_come_in_the_order_of_time(lay_cable: Callable[..., Cable]) -> None:
    """As with a tap that has one card for each direction: request here, answer there."""
    cables = lay_cable(), lay_cable()
    sent = [udp(number) for number in range(800)]

    def send() -> None:
        for number in range(0, len(sent), 2):
            cables[number // 2 % 2].send(sent[number : number + 2])
            time.sleep(0.001)  # so that at each sweep both rings have blocks that they haven't handed over

    with open_wire(*(cable.near for cable in cables)) as wire, ThreadPoolExecutor(1) as beside:
        sending = beside.submit(send)
        read = collect(wire, len(sent))
        sending.result()
    assert [frame.data for frame in read] == sent
    assert [frame.time_ns for frame in read] == sorted(frame.time_ns for frame in read)


def test_a_silent_interface_does_not_hold_the_other_back_for_long(lay_cable: Callable[..., Cable]) -> None:
    busy, silent = lay_cable(), lay_cable()
    with open_wire(busy.near, silent.near) as wire:
        busy.send([udp(1)])
        before = time.monotonic()
        assert wire.read(1)
        assert time.monotonic() - before < 0.3


def test_an_interface_that_is_not_there_is_named(as_root: None) -> None:
    with pytest.raises(WireError, match="no interface nowhere0; these are there: .*lo"):
        Wire(["nowhere0"])


def test_the_same_interface_twice_is_refused(as_root: None) -> None:
    with pytest.raises(WireError, match="lo is named twice"):
        Wire(["lo", "lo"])


def with_rights(rights: str, interface: str) -> subprocess.CompletedProcess[str]:
    """Open an interface in a process that has these capabilities and no other."""
    limited = [require("setpriv"), "--bounding-set", rights, "--inh-caps", rights]
    command = [*limited, sys.executable, "-c", OPEN, interface]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_one_capability_is_enough(cable: Cable) -> None:
    done = with_rights("-all,+net_raw", cable.near)
    assert done.stdout == "open\n", done.stderr


def test_without_it_the_command_that_mends_it_is_told(cable: Cable) -> None:
    done = with_rights("-all", cable.near)
    assert "CAP_NET_RAW" in done.stderr and "sudo setcap cap_net_raw+ep" in done.stderr


def test_no_descriptor_stays_open_when_rings_are_opened_again_and_closed(lay_cable: Callable[..., Cable]) -> None:
    cable = lay_cable()
    before = len(os.listdir("/proc/self/fd"))
    with open_wire(cable.near) as wire:
        opened = len(os.listdir("/proc/self/fd"))
        cable.remove()
        lay_cable(cable.near)
        wait_for(wire, State.UP)
        assert len(os.listdir("/proc/self/fd")) == opened > before
    assert len(os.listdir("/proc/self/fd")) == before
