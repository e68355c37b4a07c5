"""What stands in the register: every call, with digests that tell nobody a number; and no copy without an entry."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from storage import records
from storage.register import Entry
from storage.ring import erasing
from storage.ring.ring import Ring
from storage.ring.values import Ground
from storage.store import Finished, Store
from tests.storage.build import START, a_call, a_store_with, all_calls, findings, unanswered

ROOT = Path(__file__).resolve().parents[2]


async def entries(store: Path, *kinds: str) -> list[Entry]:
    async with await Ring.open(store) as ring:
        return [one for one in ring.register.read(ring.register.tail()) if not kinds or one.kind in kinds]


def recorder(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def everything_in(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())


async def test_every_call_is_in_it(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c1"), unanswered("u"))

    found = {one.fields["call"]: one for one in await entries(tmp_path, "recorded")}

    for call in await all_calls(tmp_path):
        assert found[call.id].fields["row"] == records.row_digest(call).hex()
        assert (call.recording is None) == ("audio" not in found[call.id].fields)
    assert set(found) == {"c1", "u"}


async def test_who_knows_all_but_the_number_can_not_try_them_all(tmp_path: Path) -> None:
    """After an erasure, nothing in register or catalogue matches the digest of the call with its true number."""
    call = a_call("c1", caller="0300000042", outcome="no_audio")
    await a_store_with(tmp_path, call)
    [before] = await all_calls(tmp_path)
    async with await Ring.open(tmp_path) as ring:
        ground = Ground(rule="r", article="", reason="r")
        await erasing.erase(ring, ["c1"], ground, as_of_ns=START, at_ns=START, who="recorder", backup_days=7)

    assert before.salt is not None
    left = everything_in(tmp_path)
    for guess in (replace(before, salt=None), replace(before, salt="")):
        for digest in (records.digest(guess), records.row_digest(guess)):
            assert digest not in left and digest.hex().encode() not in left
    assert bytes.fromhex(before.salt) not in left and before.salt.encode() not in left
    assert records.digest(before) in left  # what stays is of the row with its salt
    assert hashlib.sha256(b"0300000042").digest() not in left
    assert await findings(tmp_path) == []


async def test_salts_differ(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *(a_call(f"c{number}") for number in range(9)))

    assert len({call.salt for call in await all_calls(tmp_path)}) == 9


async def test_a_register_that_is_damaged_keeps_no_call_out_of_the_catalogue(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c1"), a_call("c2"))
    path = tmp_path / "register/00000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0])

    async with await Store.open(tmp_path) as store:
        assert store.register_fault is not None
        await store.finish([Finished(unanswered("u"))])

    assert {call.id for call in await all_calls(tmp_path)} == {"c1", "c2", "u"}
    async with await Store.open(tmp_path, repair=True, at_ns=START):
        pass
    assert {one.fields["call"] for one in await entries(tmp_path, "recorded")} == {"c1", "c2", "u"}
    assert {one.kind for one in await findings(tmp_path)} == {"register_mended"}


async def test_a_copy_stands_in_it_before_it_is_made(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c1"))

    done = recorder("export", "--store", tmp_path / "store", "c1", "--output", tmp_path / "copy.wav", "--reason", "r 9")

    assert done.returncode == 0, done.stderr
    [entry] = await entries(tmp_path / "store", "copy")
    assert dict(entry.fields) == {"call": "c1", "form": "wav", "reason": "r 9"} and entry.who != "recorder"
    assert (tmp_path / "copy.wav").exists()


async def test_no_copy_where_the_register_can_not_be_written(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c1"), a_call("c2"))
    path = tmp_path / "store/register/00000001.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    done = recorder("export", "--store", tmp_path / "store", "c1", "--output", tmp_path / "copy.wav")

    assert done.returncode == 2 and "Nothing was copied" in done.stderr and "recorder repair" in done.stderr
    assert not (tmp_path / "copy.wav").exists()


async def test_a_start_and_a_stop_stand_in_it(tmp_path: Path) -> None:
    capture = ROOT / "tests/captures/demo.pcap"

    done = recorder("replay", "--store", tmp_path / "store", capture)

    assert done.returncode == 0, done.stderr
    kinds = [one.kind for one in await entries(tmp_path / "store")]
    assert kinds[:2] == ["begun", "start"] and kinds[-1] == "stop" and kinds.count("recorded") == 2
    [start] = await entries(tmp_path / "store", "start")
    assert start.fields["reads"] == "demo.pcap"


async def test_verify_takes_a_code_and_a_file(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c1"))
    done = recorder("checkpoint", "--store", tmp_path / "store", "--keys", tmp_path / "keys")
    code, *note = done.stdout.splitlines()
    (tmp_path / "note").write_text("\n".join(note) + "\n")

    fine = recorder("verify", "--store", tmp_path / "store", "--code", code[6:], "--checkpoint", tmp_path / "note")
    typo = recorder("verify", "--store", tmp_path / "store", "--code", "1" + code[7:])
    never = recorder("verify", "--store", tmp_path / "store", "--code", "0000-" * 7 + "0000")

    assert (fine.returncode, never.returncode) == (0, 1), fine.stdout + fine.stderr
    assert typo.returncode == 2 or code[6] == "1"
    assert never.stdout.startswith("register_rolled_back: ")


