"""Starts a program under a unit's restrictions, without systemd: see `start`.

In two acts. As root: mounts, namespaces, limits. Then setpriv(1) makes it the unit's account with the unit's
capabilities, and this module runs again, loads the filters, and becomes the program.

What is not done here: control groups (MemoryMax=, TasksMax=, CPUWeight=, IPAddressDeny=), device rules beyond a /dev
that hasn't got any, the keyring.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.sandbox import seccomp
from tests.sandbox.unit import Unit

_NEWNS, _NEWUSER, _NEWNET = 0x20000, 0x10000000, 0x40000000
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_RDONLY = 1  # MOUNT_ATTR_RDONLY
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
ROOT = Path(__file__).resolve().parents[2]
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    names = (os.fsencode(name) or None for name in (source, target, kind))
    _checked(_libc.mount(*names, ctypes.c_ulong(flags), os.fsencode(options)), f"mount {target}")


def set_writable(path: str, writable: bool, *, recursive: bool = False) -> None:
    """mount_setattr(2)"""
    change = (0, _RDONLY) if writable else (_RDONLY, 0)
    attributes = (ctypes.c_uint64 * 4)(*change, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    _checked(
        _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, ctypes.sizeof(attributes)),
        f"mount_setattr {path}",
    )


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def private_devices() -> None:
    """PrivateDevices=: those that are no device at all, and memory to share."""
    mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755")
    for name in _DEVICES:
        Path("/mnt", name).touch()
        mount(f"/dev/{name}", f"/mnt/{name}", flags=_BIND)
    Path("/mnt/shm").mkdir()
    mount("tmpfs", "/mnt/shm", "tmpfs", 0, "mode=1777")
    mount("/mnt", "/dev", flags=_BIND | _REC)


def needed() -> list[str]:
    """What the tests themselves need, wherever it is: this checkout, and Python."""
    return sorted({os.path.realpath(path) for path in (ROOT, sys.prefix, sys.base_prefix)})


def hide(place: str, mode: int, kept: dict[str, int]) -> None:
    """An empty folder in its stead. Where something that the tests need is in there, the way to it stays."""
    inside = [path for path in kept if Path(path).is_relative_to(place)]
    mount("tmpfs", place, "tmpfs", 0, f"mode={0o755 if inside else mode:o}")
    for path in inside:
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{kept[path]}", path, flags=_BIND)


def mounts(unit: Unit, binds: dict[str, str]) -> None:
    """What the program sees. `binds`: folders of the test that stand for some of the machine's."""
    unshare(_NEWNS | (_NEWNET if unit.is_on("PrivateNetwork") else 0))
    mount("", "/", flags=_REC | _PRIVATE)
    for source, target in binds.items():
        mount(source, target, flags=_BIND)
    kept = {path: os.open(path, os.O_PATH) for path in needed()}
    if unit.is_on("PrivateDevices"):
        private_devices()
    if unit.is_on("ProtectHome"):
        for place in ("/home", "/root"):
            hide(place, 0, kept)
    if unit.is_on("PrivateTmp"):
        for place in ("/tmp", "/var/tmp"):
            hide(place, 0o1777, kept)
    for fd in kept.values():
        os.close(fd)
    writable = [path for word in unit.words("ReadWritePaths") if os.path.exists(path := word.lstrip("-"))]
    writable += [f"/run/{name}" for name in unit.words("RuntimeDirectory")]
    writable += [path for name in unit.words("StateDirectory") if os.path.isdir(path := f"/var/lib/{name}")]
    for path in writable:
        mount(path, path, flags=_BIND)
    assert unit["ProtectSystem"] == "strict"
    set_writable("/", False, recursive=True)
    for path in [*writable, "/tmp", "/var/tmp", "/dev/shm"]:
        set_writable(path, True)
    for word in unit.words("InaccessiblePaths"):
        if os.path.exists(word.lstrip("-")):
            mount("tmpfs", word.lstrip("-"), "tmpfs", 0, "mode=000")
    if unit.is_on("ProtectProc"):
        # This process is the one that becomes the program, so the new view is of the right one.
        mount("proc", "/proc", "proc", 0, f"hidepid=invisible,subset={unit['ProcSubset']}")


def own_users(uid: int, gid: int) -> None:
    """PrivateUsers=: root and the unit's account are themselves, all others nobody. The map is written from outside."""
    ready, told = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.read(ready, 1)
        Path(f"/proc/{parent}/uid_map").write_text(f"0 0 1\n{uid} {uid} 1\n")
        Path(f"/proc/{parent}/gid_map").write_text(f"0 0 1\n{gid} {gid} 1\n")
        os._exit(0)
    unshare(_NEWUSER)
    os.write(told, b"x")
    _, status = os.waitpid(child, 0)
    os.close(told)
    os.close(ready)
    assert status == 0, "the map of users could not be written"


def limits(unit: Unit) -> None:
    for key in unit.keys():
        if key.startswith("Limit"):
            number = getattr(resource, f"RLIMIT_{key.removeprefix('Limit')}")
            most = resource.getrlimit(number)[1]  # which in a container not even root may raise
            limit = int(unit[key]) if most == resource.RLIM_INFINITY else min(int(unit[key]), most)
            resource.setrlimit(number, (limit, limit))
    os.umask(int(unit["UMask"], 8))
    if unit["Nice"]:
        os.nice(int(unit["Nice"]))
    if unit["OOMScoreAdjust"]:
        with contextlib.suppress(PermissionError):  # the same
            Path("/proc/self/oom_score_adj").write_text(unit["OOMScoreAdjust"])


def as_account(unit: Unit, uid: int, gid: int, command: list[str]) -> list[str]:
    """The command, run by setpriv with the unit's account and capabilities."""

    def names(key: str) -> str:
        return ",".join(["-all", *(f"+{word.removeprefix('CAP_').lower()}" for word in unit.words(key))])

    program = shutil.which("setpriv")
    assert program is not None
    assert unit.is_on("NoNewPrivileges")
    return [
        program, f"--reuid={uid}", f"--regid={gid}", "--keep-groups", f"--inh-caps={names('AmbientCapabilities')}",
        f"--ambient-caps={names('AmbientCapabilities')}", f"--bounding-set={names('CapabilityBoundingSet')}",
        "--no-new-privs", "--", *command,
    ]  # fmt: skip


def filters(unit: Unit, calls: list[str]) -> None:
    """The last is the one that lets no other be loaded."""
    seccomp.families(unit.words("RestrictAddressFamilies"))
    for key, load in (
        ("RestrictSUIDSGID", seccomp.no_set_ids), ("RestrictRealtime", seccomp.no_realtime),
        ("LockPersonality", seccomp.one_personality), ("RestrictNamespaces", seccomp.no_namespaces),
        ("MemoryDenyWriteExecute", seccomp.no_new_code),
    ):  # fmt: skip
        assert unit.is_on(key), key
        load()
    assert unit["SystemCallErrorNumber"] == "EPERM"
    seccomp.only(calls)


def main(arguments: list[str]) -> None:
    wanted: dict[str, Any] = json.loads(arguments[1])
    unit, command = Unit(wanted["unit"]), list(wanted["command"])
    if arguments[0] == "filters":
        calls = wanted["calls"]
        filters(unit, calls)
        os.execv(command[0], command)
    uid, gid = wanted["uid"], wanted["gid"]
    os.setgroups(wanted["groups"])
    mounts(unit, wanted["binds"])
    limits(unit)
    if unit.is_on("PrivateUsers"):
        own_users(uid, gid)
    again = [sys.executable, "-m", "tests.sandbox.start", "filters", arguments[1]]
    command = as_account(unit, uid, gid, again)
    os.execv(command[0], command)


def command_line(
    unit: Unit, command: list[str], *, binds: dict[str, str], uid: int, gid: int, groups: list[int]
) -> list[str]:
    """What root runs so that the command runs under the unit's restrictions, as the same process."""
    wanted = {
        "unit": unit.text, "command": command, "calls": sorted(unit.system_calls()), "binds": binds, "uid": uid,
        "gid": gid, "groups": groups,
    }  # fmt: skip
    return [sys.executable, "-m", "tests.sandbox.start", "mounts", json.dumps(wanted)]


def environment_of(more: dict[str, str]) -> dict[str, str]:
    """An environment with nothing of the tests' own but what Python needs."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | more


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    """A command line, started. Its outputs are pipes."""
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


if __name__ == "__main__":
    main(sys.argv[1:])
