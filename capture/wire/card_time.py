"""Times that the network card itself puts on frames: asking for them, and whether to believe them.

A card's clock is its own. It is right if something (ptp4l, phc2sys) keeps it right; left alone it may be in another
century, and calls would be too. So its times are taken only if the card says that it stamps every frame, and as long
as they agree with this machine's clock.
"""

from __future__ import annotations

import ctypes
import fcntl
import struct

from capture.wire import kernel

AHEAD_NS = 50_000_000  # a frame that was captured so much after now comes from a clock that is wrong
BEHIND_NS = 1_000_000_000  # so old a frame in a ring that was read just before, too


def stamps_all(fileno: int, name: str) -> bool:
    """Make the card stamp every frame it receives, as far as it can and we may; says whether it does.

    Asking for it takes CAP_NET_ADMIN, which the recorder doesn't have; the administrator may have done so before.
    What the card does with frames that are sent is left as it is: PTP may need it.
    """
    try:
        flags, sent, received = _config(kernel.SIOCGHWTSTAMP, fileno, name, (0, 0, 0))
        if received != kernel.HWTSTAMP_FILTER_ALL:
            wanted = flags, sent, kernel.HWTSTAMP_FILTER_ALL
            _, _, received = _config(kernel.SIOCSHWTSTAMP, fileno, name, wanted)
    except OSError:  # the card can't, or we may not: the kernel's times do as well
        return False
    return received == kernel.HWTSTAMP_FILTER_ALL


def _config(request: int, fileno: int, name: str, config: tuple[int, int, int]) -> tuple[int, int, int]:
    """What the driver makes of a `struct hwtstamp_config`: flags, frames sent, frames received. Raises OSError."""
    held = ctypes.create_string_buffer(struct.pack("=3i", *config))
    fcntl.ioctl(fileno, request, struct.pack("16sP16x", name.encode(), ctypes.addressof(held)))
    flags, sent, received = struct.unpack_from("=3i", held.raw)
    return flags, sent, received


def is_off(newest_ns: int, now_ns: int) -> bool:
    """Whether the newest frame of a ring that is read often has a time that can't be right."""
    return not -AHEAD_NS <= now_ns - newest_ns <= BEHIND_NS
