"""The program that the kernel runs on each frame before it goes into the ring (classic BPF).

It leaves out copies of what this machine itself sends, and cuts frames at the snap length. It leaves out nothing by
content: spanning tree and ARP are a few frames a second, and counted here they tell that a mirror is alive. Every
frame that reaches the machine is so either given, counted as `kernel_dropped`, or the interface's own loss.

Once attached it is locked: even who takes over the process can't have frames told apart in another way.
"""

from __future__ import annotations

import struct

# Instructions, as <linux/bpf_common.h> numbers them.
LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS: a word of the frame, or what the kernel knows about it
JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K: skip so many instructions if equal, so many if not
ACCEPT = 0x06  # BPF_RET | BPF_K: so many bytes of the frame; 0: leave it out

PACKET_TYPE = 0xFFFFF000 + 4  # SKF_AD_OFF + SKF_AD_PKTTYPE
OUTGOING = 4  # PACKET_OUTGOING

WHOLE = 0x40000  # bytes; no frame is longer

Instruction = tuple[int, int, int, int]  # code, skipped if true, skipped if false, operand


def program(*, snap_length: int = WHOLE, outgoing: bool = False) -> list[Instruction]:
    """Cut at `snap_length` bytes; `outgoing` takes in what this machine sends, too."""
    accept = (ACCEPT, 0, 0, snap_length)
    if outgoing:
        return [accept]
    return [
        (LOAD, 0, 0, PACKET_TYPE),
        (JUMP_IF_EQUAL, 0, 1, OUTGOING),
        (ACCEPT, 0, 0, 0),
        accept,
    ]


def assemble(instructions: list[Instruction]) -> bytes:
    """The instructions as the kernel reads them: `struct sock_filter`, 8 bytes each."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
