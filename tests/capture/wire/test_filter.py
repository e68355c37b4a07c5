"""The kernel's filter: what it lets through, and that nobody can change it afterwards."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

import pytest

from capture.wire import kernel
from capture.wire.filter import ACCEPT, EQUAL, PACKET_TYPE, WHOLE, WORD, Step, assemble, program
from capture.wire.interface import find
from capture.wire.ring import Ring
from tests.capture.wire.cables import SETTINGS, Cable

HOST, BROADCAST, MULTICAST, OTHERHOST, OUTGOING = range(5)


def run(lines: list[Step | str], packet_type: int) -> int:
    """Bytes that the program accepts of a frame of this type: a small machine for the three codes that matter here."""
    at = accumulator = 0
    while True:
        line = lines[at]
        at += 1
        if isinstance(line, str):
            continue
        if line.code == ACCEPT:
            return line.operand
        if line.code == WORD:
            assert line.operand == PACKET_TYPE
            accumulator = packet_type
        else:
            assert line.code == EQUAL
            label = line.yes if accumulator == line.operand else line.no
            at = lines.index(label) if label else at


@pytest.mark.parametrize("packet_type", [HOST, BROADCAST, MULTICAST, OTHERHOST])
def test_everything_that_comes_in_is_taken_whole(packet_type: int) -> None:
    assert run(program(), packet_type) == WHOLE


def test_what_this_machine_sends_is_left_out_unless_asked_for() -> None:
    assert run(program(), OUTGOING) == 0
    assert run(program(outgoing=True), OUTGOING) == WHOLE


def test_frames_are_cut_at_the_snap_length() -> None:
    assert run(program(snap_length=300), OTHERHOST) == 300
    assert run(program(snap_length=300, outgoing=True), OUTGOING) == 300


def test_steps_are_eight_bytes_as_the_kernel_reads_them_with_labels_as_distances() -> None:
    lines = [Step(EQUAL, 3, yes="end", no="next"), Step(ACCEPT, 1), "next", Step(ACCEPT, 2), "end", Step(ACCEPT)]
    steps = [(0x15, 2, 1, 3), (6, 0, 0, 1), (6, 0, 0, 2), (6, 0, 0, 0)]
    assert assemble(lines) == b"".join(struct.pack("=HBBI", *step) for step in steps)


@pytest.mark.parametrize("audio", [True, False])
def test_no_program_is_longer_or_jumps_farther_than_the_kernel_allows(audio: bool) -> None:
    assert len(assemble(program(audio=audio))) // 8 <= 4096  # a jump beyond 255 steps wouldn't assemble


def test_the_filter_of_an_open_socket_can_be_neither_changed_nor_removed(cable: Cable) -> None:
    ring = Ring(find(cable.near), SETTINGS)
    try:
        with socket.socket(fileno=os.dup(ring.fileno())) as same:
            code = assemble([Step(ACCEPT, WHOLE)])
            held = ctypes.create_string_buffer(code, len(code))
            with pytest.raises(PermissionError):
                same.setsockopt(
                    socket.SOL_SOCKET, kernel.SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(held))
                )
            with pytest.raises(PermissionError):
                same.setsockopt(socket.SOL_SOCKET, 27, 0)  # SO_DETACH_FILTER
    finally:
        ring.close()
