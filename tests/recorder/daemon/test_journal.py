"""What is said goes to the system's journal with its fields, or to stderr if there is no journal."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.daemon.journal import Journal
from recorder.daemon.voice import Voice
from recorder.sentences import Kind, Sentence
from tests.recorder.daemon.runs import ROOT
from tests.storage.build import a_call, a_store_with

JOURNALD = "/lib/systemd/systemd-journald"
SENTENCE = Sentence("eth1 is gone.", Kind.INTERFACE_CHANGED, INTERFACE="eth1", REASON="gone", CALL="")


def read(data: bytes) -> dict[str, str]:
    """An entry, as systemd's JOURNAL_NATIVE_PROTOCOL tells to read it."""
    found = {}
    while data:
        name, mark, rest = data.partition(b"\n")
        if b"=" in name:
            key, _, value = name.partition(b"=")
        else:
            key, length = name, struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        assert mark
        found[key.decode()] = value.decode()
        data = rest
    return found


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "socket"))
        made.settimeout(2)
        yield made


def test_a_sentence_goes_with_its_fields(tmp_path: Path, listening: socket.socket) -> None:
    """Fields without a value aren't there; a value of two lines is one value."""
    voice = Voice("recorder-capture", Journal("recorder-capture", tmp_path / "socket"))
    voice.say([SENTENCE, "Two\nlines."], 1.0, level=4)
    entries = [read(listening.recv(65536)) for _ in range(2)]
    voice.close()

    assert entries[0] == {
        "MESSAGE": "eth1 is gone.", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "recorder-capture",
        "MESSAGE_ID": Kind.INTERFACE_CHANGED.value, "RECORDER_KIND": "interface_changed",
        "RECORDER_INTERFACE": "eth1", "RECORDER_REASON": "gone",
    }  # fmt: skip
    assert entries[1]["MESSAGE"] == "Two\nlines." and "MESSAGE_ID" not in entries[1]


def test_a_journal_that_is_gone_or_full_leaves_stderr(tmp_path: Path, listening: socket.socket, capfd: object) -> None:
    """And holds nobody up: what it doesn't take at once is said as a line."""
    assert isinstance(capfd, pytest.CaptureFixture)
    journal = Journal("recorder-capture", tmp_path / "socket")
    voice, began = Voice(journal=journal), time.monotonic()
    for second in range(400):  # nobody reads; the queue of a socket is shorter than that
        voice.say([SENTENCE], second)
    listening.close()
    voice.say(["the last"], 1000)
    voice.close()

    said = capfd.readouterr().err
    assert "recorder: eth1 is gone.\n" in said and "recorder: the last\n" in said
    assert time.monotonic() - began < 5


def test_the_journal_is_spoken_to_only_if_stderr_goes_there(tmp_path: Path, listening: socket.socket) -> None:
    of = os.fstat(2)
    here = {"JOURNAL_STREAM": f"{of.st_dev}:{of.st_ino}"}

    assert Journal.found("x", tmp_path / "socket", {}) is None
    assert Journal.found("x", tmp_path / "socket", {"JOURNAL_STREAM": "1:2"}) is None
    assert Journal.found("x", tmp_path / "nobody", here) is None
    found = Journal.found("x", tmp_path / "socket", here)
    assert found is not None
    found.close()


def test_ids_of_messages_are_ids(tmp_path: Path) -> None:
    """128 bits in hexadecimal, none twice (sd_journal_print(3), MESSAGE_ID)."""
    assert len({kind.value for kind in Kind}) == len(Kind)
    assert all(len(kind.value) == 32 and int(kind.value, 16) for kind in Kind)


SCRIPT = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/log/journal /run/systemd/journal /run/systemd/journald.conf.d
printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\n' >/run/systemd/journald.conf.d/test.conf
"$1" 2>/dev/null &
journald=$!
until [ -S /run/systemd/journal/socket ]; do sleep 0.05; done
systemd-cat "$2" -c 'import os, sys
of = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{of.st_dev}:{of.st_ino}"
os.execv(sys.executable, [sys.executable, "-m", "recorder", "keep", "--store", sys.argv[1]])' "$3" &
keeper=$!
for try in $(seq 100); do
  journalctl -q -D /run/log/journal -t recorder-keeper -o json >"$4"
  if grep -q no_policy "$4"; then break; fi
  sleep 0.1
done
kill $keeper
wait $keeper || true
kill $journald
"""


async def test_systemds_own_journal_has_the_fields(tmp_path: Path, as_root: None) -> None:
    """journald itself, in a mount namespace of its own: what it was told can be asked for by field."""
    if shutil.which(JOURNALD) is None or shutil.which("systemd-cat") is None:
        pytest.skip("journald missing: sudo apt-get install systemd")
    store, said = tmp_path / "store", tmp_path / "said.json"
    await a_store_with(store, a_call("c-1", caller="0312345678"))
    (script := tmp_path / "script.sh").write_text(SCRIPT)
    command = ["unshare", "--mount", "--propagation", "private", "bash", str(script), JOURNALD, sys.executable]
    done = subprocess.run(  # noqa: ASYNC221
        [*command, str(store), str(said)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    if "permission denied" in done.stderr or "unshare failed" in done.stderr:
        pytest.skip(f"namespaces: {done.stderr.strip()}")

    entries = [json.loads(line) for line in said.read_text().splitlines()]
    by_kind = {entry.get("RECORDER_KIND"): entry for entry in entries}
    assert by_kind["ready"]["MESSAGE_ID"] == Kind.READY.value
    raised = [one for one in entries if one.get("MESSAGE_ID") == Kind.ALARM_RAISED.value]
    [no_policy] = [one for one in raised if one["RECORDER_CODE"] == "no_policy"]
    assert (no_policy["RECORDER_SEVERITY"], no_policy["PRIORITY"], no_policy["_TRANSPORT"]) == (
        "warning", str(4), "journal",
    )  # fmt: skip
    assert "0312345678" not in said.read_text()
