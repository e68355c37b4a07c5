"""Debian packages that some tests want, and what to do about those that are missing.

`python tests/packages.py` prints a sentence for each missing one, with the command that installs it; `--names`
prints only the names, for a script. Both exit 0: no test needs them all. In a test, `require("tshark")` skips the
test if the program isn't there. Imports nothing outside the standard library, so it runs before any set-up.
"""

from __future__ import annotations

import shutil
import sys

# program -> (Debian package, what the project wants it for)
PROGRAMS = {
    "tshark": ("tshark", "comparing what we make of captures with what Wireshark makes of them"),
    "sipp": ("sip-tester", "calls between real SIP peers"),
    "tcpdump": ("tcpdump", "capturing these calls"),
    "ip": ("iproute2", "network namespaces to hold them in"),
    "sox": ("sox", "what telephones of the end-to-end test say"),
    "kamailio": ("kamailio", "a real exchange and registrar"),
    "rtpengine": ("rtpengine-daemon", "its media relay"),
    "baresip": ("baresip-core", "a real telephone"),
    "linphone-daemon": ("linphone-cli", "another one"),
    "mkfs.ext4": ("e2fsprogs", "file systems whose power is cut"),
    "mkfs.xfs": ("xfsprogs", "the same of another kind"),
    "systemd-analyze": ("systemd", "judging the units that ship with the program"),
    "age": ("age", "opening what was wrapped, with a tool that isn't ours"),
    "chromium": ("chromium", "the desk's pages as a clerk walks them, and the check of evidence"),
    "7zz": ("7zip", "opening copies as a recipient does"),
    "pdftotext": ("poppler-utils", "reading papers as who prints them sees them"),
    "strace": ("strace", "seeing which files a command makes"),
    "openssl": ("openssl", "a time-stamp authority of our own"),
    "slapd": ("slapd", "a directory that checks passwords"),
    "setpriv": ("util-linux", "running something without the rights of root"),
    "chrt": ("util-linux", "neighbours of ordinary priority"),
}


def missing() -> list[str]:
    """The programs that aren't there, by name."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def how_to_get(program: str) -> str:
    """One sentence with the command that mends it."""
    package, _ = PROGRAMS[program]
    label = package if package == program else f"{package} ({program})"
    return f"{label} is missing: sudo apt-get install {package}"


def require(program: str) -> str:
    """The path of a program, or a skipped test."""
    import pytest

    path = shutil.which(program)
    if path is None:
        pytest.skip(f"tool missing: {how_to_get(program)}")
    return path


def main(arguments: list[str]) -> None:
    """Print what is missing."""
    names = missing()
    if "--names" in arguments:
        print(" ".join(PROGRAMS[name][0] for name in names))
        return
    for name in names:
        print(f"{how_to_get(name)}  # {PROGRAMS[name][1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
