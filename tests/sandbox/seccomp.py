"""The filters of system calls that systemd makes of a unit, made with the same library (libseccomp)."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import socket
import stat
from collections.abc import Collection

_ALLOW = 0x7FFF0000
_NE, _GT, _EQ, _MASKED_EQ = 1, 6, 4, 7  # enum scmp_compare
_EXEC, _WRITE = 4, 2  # PROT_EXEC, PROT_WRITE
_SHM_EXEC = 0o100000
_O_CREAT = 0o100
_NAMESPACES = 0x7E020080  # the CLONE_NEW* of clone(2)
_FAMILIES = 46


def _errno(number: int) -> int:
    return 0x00050000 | number


class _Compare(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class Filter:
    """One filter; what it says nothing of has `default`."""

    def __init__(self, default: int = _ALLOW) -> None:
        name = ctypes.util.find_library("seccomp") or "libseccomp.so.2"
        self._library = ctypes.CDLL(name)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(default)))

    def rule(self, action: int, call: str, *compared: tuple[int, int, int, int]) -> None:
        """A system call that this machine hasn't got is left out."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        array = (_Compare * len(compared))(*compared)
        failed = self._library.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), number, len(compared), array
        )
        assert failed == 0 or -failed == errno.EEXIST, f"{call}: {failed}"

    def load(self) -> None:
        """For this process, for good. It must have no_new_privs already."""
        failed = self._library.seccomp_load(self._context)
        assert failed == 0, f"seccomp_load: {failed}"


def only(calls: Collection[str]) -> None:
    """SystemCallFilter= with SystemCallErrorNumber=EPERM, and SystemCallArchitectures=native."""
    one = Filter(_errno(errno.EPERM))
    for call in calls:
        one.rule(_ALLOW, call)
    one.load()


def families(names: Collection[str]) -> None:
    """RestrictAddressFamilies="""
    allowed = {int(getattr(socket, name)) for name in names}
    one = Filter()
    for family in set(range(_FAMILIES)) - allowed:
        one.rule(_errno(errno.EAFNOSUPPORT), "socket", (0, _EQ, family, 0))
    one.rule(_errno(errno.EAFNOSUPPORT), "socket", (0, _GT, _FAMILIES - 1, 0))
    one.load()


def no_new_code() -> None:
    """MemoryDenyWriteExecute="""
    one, refused = Filter(), _errno(errno.EPERM)
    one.rule(refused, "mmap", (2, _MASKED_EQ, _EXEC | _WRITE, _EXEC | _WRITE))
    one.rule(refused, "mprotect", (2, _MASKED_EQ, _EXEC, _EXEC))
    one.rule(refused, "pkey_mprotect", (2, _MASKED_EQ, _EXEC, _EXEC))
    one.rule(refused, "shmat", (2, _MASKED_EQ, _SHM_EXEC, _SHM_EXEC))
    one.load()


def no_namespaces() -> None:
    """RestrictNamespaces="""
    one, refused = Filter(), _errno(errno.EPERM)
    one.rule(_errno(errno.ENOSYS), "clone3")  # its flags can't be seen; the C library takes clone instead
    one.rule(refused, "setns")
    for bit in range(32):
        if _NAMESPACES >> bit & 1:
            one.rule(refused, "unshare", (0, _MASKED_EQ, 1 << bit, 1 << bit))
            one.rule(refused, "clone", (0, _MASKED_EQ, 1 << bit, 1 << bit))
    one.load()


def no_set_ids() -> None:
    """RestrictSUIDSGID="""
    one, refused = Filter(), _errno(errno.EPERM)
    one.rule(_errno(errno.ENOSYS), "openat2")
    for bit in (stat.S_ISUID, stat.S_ISGID):
        for call, argument in (
            ("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2), ("mknod", 1), ("mknodat", 2),
            ("creat", 1),
        ):  # fmt: skip
            one.rule(refused, call, (argument, _MASKED_EQ, bit, bit))
        for call, flags in (("open", 1), ("openat", 2)):
            one.rule(refused, call, (flags, _MASKED_EQ, _O_CREAT, _O_CREAT), (flags + 1, _MASKED_EQ, bit, bit))
    one.load()


def no_realtime() -> None:
    """RestrictRealtime=: ordinary scheduling (0, and batch and idle above the real-time ones) is all there is."""
    one = Filter()
    for policy in (1, 2, 6):  # SCHED_FIFO, SCHED_RR, SCHED_DEADLINE
        one.rule(_errno(errno.EPERM), "sched_setscheduler", (1, _EQ, policy, 0))
    one.load()


def one_personality() -> None:
    """LockPersonality="""
    one = Filter()
    one.rule(_errno(errno.EPERM), "personality", (0, _NE, 0, 0))
    one.load()
