"""The kernel's filter: what it lets through, and that nobody can change it afterwards."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

import pytest

from capture.wire import kernel
from capture.wire.filter import ACCEPT, JUMP_IF_EQUAL, LOAD, PACKET_TYPE, WHOLE, Instruction, assemble, program
from capture.wire.interface import find
from capture.wire.ring import Ring
from tests.capture.wire.cables import SETTINGS, Cable

HOST, BROADCAST, MULTICAST, OTHERHOST, OUTGOING = range(5)


def run(instructions: list[Instruction], packet_type: int) -> int:
    """Bytes that the program accepts of a frame of this type: a small machine for the three codes that it knows."""
    at = accumulator = 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        if code == ACCEPT:
            return operand
        if code == LOAD:
            assert operand == PACKET_TYPE
            accumulator = packet_type
        else:
            assert code == JUMP_IF_EQUAL
            at += if_true if accumulator == operand else if_false


@pytest.mark.parametrize("packet_type", [HOST, BROADCAST, MULTICAST, OTHERHOST])
def test_everything_that_comes_in_is_taken_whole(packet_type: int) -> None:
    assert run(program(), packet_type) == WHOLE


def test_what_this_machine_sends_is_left_out_unless_asked_for() -> None:
    assert run(program(), OUTGOING) == 0
    assert run(program(outgoing=True), OUTGOING) == WHOLE


def test_frames_are_cut_at_the_snap_length() -> None:
    assert run(program(snap_length=300), OTHERHOST) == 300
    assert run(program(snap_length=300, outgoing=True), OUTGOING) == 300


def test_an_instruction_is_eight_bytes_as_the_kernel_reads_them() -> None:
    assert assemble([(0x15, 1, 2, 3)]) == struct.pack("=H", 0x15) + b"\x01\x02" + struct.pack("=I", 3)


def test_the_filter_of_an_open_socket_can_be_neither_changed_nor_removed(cable: Cable) -> None:
    ring = Ring(find(cable.near), SETTINGS)
    try:
        with socket.socket(fileno=os.dup(ring.fileno())) as same:
            code = assemble([(ACCEPT, 0, 0, WHOLE)])
            held = ctypes.create_string_buffer(code, len(code))
            with pytest.raises(PermissionError):
                same.setsockopt(
                    socket.SOL_SOCKET, kernel.SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(held))
                )
            with pytest.raises(PermissionError):
                same.setsockopt(socket.SOL_SOCKET, 27, 0)  # SO_DETACH_FILTER
    finally:
        ring.close()
