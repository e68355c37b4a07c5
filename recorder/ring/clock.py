"""Whether the machine's clock may be believed before anything is erased.

A clock that jumps must not erase: one that starts in 1970, or years ahead, says nothing about recordings. `doubt` is
pure; `is_synchronised` asks the kernel.
"""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import subprocess

from storage.layout import JAPAN

DAY_NS = 86_400_000_000_000
FARTHEST_NS = DAY_NS  # ahead of the last time that is known for sure
_ANSWER_S = 5.0  # for systemd-timedated, which may have to be started
_TIME_ERROR = 5  # adjtimex(2): the clock isn't synchronised


def doubt(now_ns: int, *, newest_ns: int | None, swept_ns: int | None, synchronised: bool) -> str | None:
    """Why the clock can't be believed, as a sentence; None if it can.

    `newest_ns` is when the newest call started, `swept_ns` when a sweep last ran by this clock. A clock that the kernel
    keeps in step with others may be far ahead of both: the machine was off. It may never be behind.
    """
    for known_ns, what in ((newest_ns, "the newest call"), (swept_ns, "the last sweep")):
        if known_ns is not None and now_ns < known_ns:
            return f"The clock says {_say(now_ns)}, and {what} is of {_say(known_ns)}: it must be wrong."
    known = [one for one in (newest_ns, swept_ns) if one is not None]
    if not known or synchronised or now_ns - max(known) <= FARTHEST_NS:
        return None
    return (
        f"The clock says {_say(now_ns)}, more than a day after the last that is known ({_say(max(known))}), "
        "and isn't synchronised."
    )


def is_synchronised() -> bool:
    """Whether the kernel's clock is known to be kept in step by NTP or the like."""
    return bool(synchronised())


def synchronised() -> bool | None:
    """Whether the kernel's clock is kept in step (adjtimex); None if nobody can tell. ProtectClock= of a unit forbids
    that question, too: then systemd-timedated is asked, which may ask it."""
    libc = ctypes.CDLL(None, use_errno=True)
    adjtimex = getattr(libc, "adjtimex", None)
    if adjtimex is None:
        return None
    buffer = ctypes.create_string_buffer(512)  # struct timex, its first field `modes` 0: only ask
    state = int(adjtimex(buffer))
    return _timedated_says() if state < 0 else state < _TIME_ERROR


def _timedated_says() -> bool | None:
    program = shutil.which("timedatectl")
    if program is None:
        return None
    command = [program, "show", "--property=NTPSynchronized", "--value"]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # nobody answers
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_S)
        return {"yes": True, "no": False}.get(done.stdout.strip())
    return None


def _say(time_ns: int) -> str:
    from datetime import datetime, timedelta

    at = datetime(1970, 1, 1, 9, tzinfo=JAPAN) + timedelta(seconds=time_ns // 1_000_000_000)
    return at.strftime("%Y-%m-%d %H:%M:%S")
