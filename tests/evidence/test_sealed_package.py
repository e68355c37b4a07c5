"""The package of a sealed recording: the file as it lies in the store, its wrapped keys, and a copy only with a key."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from pyrage import x25519

from recorder.__main__ import main
from recorder.evidence import names
from recorder.evidence.checking import check
from recorder.evidence.export import export
from recorder.evidence.words import in_fours
from recorder.problems import Unusable
from storage.records import RecordingRecord
from storage.ring.ring import Ring
from storage.store import Finished, Store
from storage.wav import ALAW, PCM16, Encoding
from tests.evidence.packages import DAY_NS, SECONDS, Signed, a_signed_store, an_order, checkpoint, files_of, put
from tests.evidence.tampering import SECOND, Files, cut, flip, flipped, refit, remove
from tests.packages import require
from tests.recorder.stores import START_NS, a_call, a_stream
from tests.storage.sealed.build import ESCROW, OFFICE, RECIPIENTS

ORIGINAL, COPY, KEY = "091502-s.sealed", "091502-s-listening-copy.wav", "key-1.age"
OPENER = Path(__file__).resolve().parents[2] / "docs" / "opener" / "open_sealed.py"


async def a_sealed_signed_store(folder: Path, encoding: Encoding = PCM16) -> tuple[Signed, bytes]:
    """A store with a signed register and the sealed call "s"; its samples, as they were written."""
    signed = await a_signed_store(folder, days=1, calls=0)
    frames = SECONDS * 8000 + 99
    noise = np.random.default_rng(7)
    if encoding is PCM16:
        samples = noise.integers(-9999, 9999, (frames, 2)).astype("<i2").tobytes()
    else:
        samples = noise.integers(0, 256, (frames, 2)).astype(np.uint8).tobytes()
    block = 2 * encoding.sample_bytes
    call = a_call("s")
    async with await Store.open(signed.path, recipients=RECIPIENTS) as store:
        part = store.begin(call, encoding=encoding, starts_ns=call.started_ns)
        for first in range(0, frames, 1600):
            part.write(first, samples[first * block : (first + 1600) * block])
        audio = RecordingRecord(starts_ns=call.started_ns, streams=(a_stream(), a_stream(1)))
        await store.finish([Finished(replace(call, recording=audio), part)])
    await checkpoint(signed, START_NS + 120_000_000_000)
    return signed, samples


class Packages(NamedTuple):
    """One store's packages, with a copy and without."""

    signed: Signed
    samples: bytes
    with_copy: Files
    without: Files


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    folder = tmp_path_factory.mktemp("sealed")

    async def make() -> tuple[Signed, bytes]:
        signed, samples = await a_sealed_signed_store(folder)
        await export(signed.path, an_order(signed, folder / "with.zip", call="s", secrets=[OFFICE]))
        await export(signed.path, an_order(signed, folder / "without", call="s"))
        return signed, samples

    signed, samples = asyncio.run(make())
    return Packages(signed, samples, files_of(folder / "with.zip"), files_of(folder / "without"))


def faults(files: Files) -> list[tuple[str, str]]:
    return [(one.code, one.values["file"]) for one in check(files) if one.kind == "fault"]


def test_the_original_is_what_the_register_proves(packages: Packages) -> None:
    [original] = packages.signed.path.rglob("*.sealed")

    for files in (packages.with_copy, packages.without):
        assert files[ORIGINAL] == original.read_bytes()
        remarks = {one.code: one for one in check(files)}
        assert [one for one in remarks.values() if one.kind == "fault"] == []
        assert {"signed", "included", "facts_proved", "audio_proved", "files_whole", "sealed"} <= set(remarks)
        assert remarks["audio_proved"].values["file"] == ORIGINAL
        assert KEY in remarks["sealed"].text("ja") and KEY in remarks["sealed"].text("en")


def test_without_a_secret_key_nothing_in_it_can_be_heard(packages: Packages) -> None:
    everything = b"".join(packages.without.values())

    assert COPY not in packages.without
    assert json.loads(packages.without[names.MANIFEST])["sealed"]["copy"] is None
    assert not any(packages.samples[at : at + 32] in everything for at in range(0, len(packages.samples), 3200))
    assert "copy" not in {one.code for one in check(packages.without)}


def test_the_copy_has_the_samples_and_is_named_as_a_copy(packages: Packages) -> None:
    manifest = json.loads(packages.with_copy[names.MANIFEST])
    said = manifest["sealed"]["copy"]
    with wave.open(io.BytesIO(packages.with_copy[COPY])) as heard:
        assert heard.getparams()[:4] == (2, 2, 8000, SECONDS * 8000 + 99)
        assert heard.readframes(1 << 20) == packages.samples

    assert manifest["recording"] == ORIGINAL
    assert (said["file"], said["made_for"], said["cut_s"]) == (COPY, "listening", None)
    assert said["samples_sha256"] == hashlib.sha256(packages.samples).hexdigest()
    assert manifest["files"][COPY]["sha256"] == hashlib.sha256(packages.with_copy[COPY]).hexdigest()
    [remark] = [one for one in check(packages.with_copy) if one.code == "copy"]
    assert remark.kind == "open"  # no register proves it
    assert said["samples_sha256"] in remark.text("ja") and "聴取用の複製" in remark.text("ja")


def test_who_has_a_secret_key_makes_the_same_copy_with_other_tools(packages: Packages, tmp_path: Path) -> None:
    """With age, the opener of docs/ and what is in the package, by the command that the cover sheet shows."""
    require("age")
    folder = put(packages.without, tmp_path / "package")
    (folder / "SECRET.txt").write_text(f"{ESCROW}\n")
    [sealed] = [one for one in check(packages.without) if one.code == "sealed"]
    command = sealed.values["command"].split()
    assert command[:2] == ["python3", "open_sealed.py"]

    run = subprocess.run([sys.executable, OPENER, *command[2:]], cwd=folder, capture_output=True, check=True)

    assert (folder / "091502-s.wav").read_bytes() == packages.with_copy[COPY]
    last = json.loads(run.stdout)
    assert last["records_sha256"] == json.loads(packages.without[names.MANIFEST])["sealed"]["records_sha256"]


def test_code_words_are_heard_as_they_sound(tmp_path: Path) -> None:
    require("age")
    signed, _ = asyncio.run(a_sealed_signed_store(tmp_path, ALAW))
    asyncio.run(export(signed.path, an_order(signed, tmp_path / "package", call="s", secrets=[ESCROW])))
    (tmp_path / "SECRET.txt").write_text(f"{OFFICE}\n")

    subprocess.run(
        [sys.executable, OPENER, tmp_path / "package" / ORIGINAL, "--key", f"1={tmp_path / 'package' / KEY}",
         "--identity", tmp_path / "SECRET.txt", "-o", tmp_path / "out.wav"], check=True, capture_output=True,
    )  # fmt: skip

    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "package" / COPY).read_bytes()
    files = files_of(tmp_path / "package")
    assert faults(files) == []
    files[ORIGINAL] = flipped(files[ORIGINAL], len(files[ORIGINAL]) // 2)
    [fault] = [one for one in check(files) if one.kind == "fault"]
    assert (fault.code, fault.values["file"]) == ("sealed_altered", ORIGINAL)
    assert 4 <= int(fault.values["from"]) <= 6


async def test_two_exports_are_the_same_but_for_custody(packages: Packages, tmp_path: Path) -> None:
    """Whichever of the keys opened it."""
    order = an_order(packages.signed, tmp_path / "2", call="s", secrets=[ESCROW], at_ns=START_NS + 9 * DAY_NS, who="x")

    await export(packages.signed.path, order)

    second = files_of(tmp_path / "2")
    assert set(second) == set(packages.with_copy)
    differ = {name for name in second if second[name] != packages.with_copy[name]}
    assert differ == set(names.OF_CUSTODY) - {names.COVER_HTML, names.COVER_PDF}


async def test_the_register_tells_a_copy_in_the_clear_from_one_that_is_not(packages: Packages) -> None:
    async with await Ring.open(packages.signed.path) as ring:
        copies = [one for one in ring.register.read(ring.register.tail()) if one.kind == "copy"]

    forms = {one.fields["manifest_sha256"]: one.fields["form"] for one in copies}
    for files, form in ((packages.with_copy, "evidence_and_wav"), (packages.without, "evidence")):
        assert forms[hashlib.sha256(files[names.MANIFEST]).hexdigest()] == form


async def test_the_wrong_key_makes_no_package_and_no_entry(packages: Packages, tmp_path: Path) -> None:
    register = b"".join(path.read_bytes() for path in sorted((packages.signed.path / "register").glob("*.jsonl")))
    order = an_order(packages.signed, tmp_path / "out", call="s", secrets=[x25519.Identity.generate()])

    with pytest.raises(Unusable, match="None of the keys given opens this recording"):
        await export(packages.signed.path, order)

    assert os.listdir(tmp_path) == []
    after = b"".join(path.read_bytes() for path in sorted((packages.signed.path / "register").glob("*.jsonl")))
    assert after == register


def test_the_sound_is_nowhere_but_in_the_package(packages: Packages, tmp_path: Path) -> None:
    """Every file that the export opens for writing, as the kernel sees it."""
    require("strace")
    (tmp_path / "secret.txt").write_text(f"{OFFICE}\n")
    (tmp_path / "scratch").mkdir()
    run = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=open,openat,creat,memfd_create", "-o", tmp_path / "trace", sys.executable,
         "-m", "recorder", "export", "--evidence", "--store", packages.signed.path, "s", "--output",
         tmp_path / "out.zip", "--identity", tmp_path / "secret.txt"],
        cwd=Path(__file__).resolve().parents[2], env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr

    lines = (tmp_path / "trace").read_text().splitlines()
    made = {line.split('"')[1] for line in lines if "O_CREAT" in line and " = -1 " not in line}
    kept = {name for name in made if not name.endswith(".pyc") and "__pycache__" not in name}
    elsewhere = {name for name in kept if not name.startswith(str(packages.signed.path)) and name != "/dev/null"}
    assert elsewhere == {str(tmp_path / "out.zip")}
    assert not any("memfd_create(" in line or "O_TMPFILE" in line for line in lines)
    store = b"".join(path.read_bytes() for path in packages.signed.path.rglob("*") if path.is_file())
    assert not any(packages.samples[at : at + 32] in store for at in range(0, len(packages.samples), 3200))
    assert os.listdir(tmp_path / "scratch") == []


def test_the_cover_says_which_is_the_original_and_which_the_copy(packages: Packages, tmp_path: Path) -> None:
    require("pdftotext")
    for files, words in (
        (packages.with_copy, (ORIGINAL, COPY, KEY, "聞くための複製であり", "open_sealed.py")),
        (packages.without, (ORIGINAL, KEY, "なし（秘密鍵を使わずに作成した）")),
    ):
        (tmp_path / "cover.pdf").write_bytes(files[names.COVER_PDF])
        shown = subprocess.run(
            ["pdftotext", "-layout", tmp_path / "cover.pdf", "-"], check=True, capture_output=True, text=True
        ).stdout
        flat = "".join(shown.split())
        for word in words:
            assert "".join(word.split()) in flat, word
    said = json.loads(packages.with_copy[names.MANIFEST])["sealed"]
    html = packages.with_copy[names.COVER_HTML].decode()
    assert in_fours(said["copy"]["samples_sha256"]) in html and in_fours(said["records_sha256"]) in html


# --- whoever alters it --------------------------------------------------------------------------------------


def at_second(second: int) -> int:
    """A byte of a record of that second: each has 1,600 frames."""
    return 148 + second * 5 * (36 + 6400 + 16) + 36 + 99


def change_copy(files: Files) -> None:
    files[COPY] = flipped(files[COPY], 99_999)
    refit(files)


def change_records(files: Files) -> None:
    manifest = json.loads(files[names.MANIFEST])
    manifest["sealed"]["records_sha256"] = "ab" * 32
    old = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    files[names.MANIFEST] = (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    new = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    files[names.CUSTODY] = files[names.CUSTODY].replace(old.encode(), new.encode())
    refit(files)


def both(*acts: Callable[[Files], None]) -> Callable[[Files], None]:
    return lambda files: [act(files) for act in acts] and None


TAMPERINGS: dict[str, tuple[Callable[[Files], None], str, str, set[str]]] = {
    # what is done; code and file that must be named; which seconds may be
    "a bit of second 7": (flip(ORIGINAL, at_second(7)), "sealed_altered", ORIGINAL, {"6", "7"}),
    "a bit of second 7, hashes made to fit":
        (both(flip(ORIGINAL, at_second(7)), refit), "sealed_altered", ORIGINAL, {"6", "7"}),
    "the head of a record": (flip(ORIGINAL, at_second(7) - 99 - 36 + 16), "sealed_altered", ORIGINAL, {"6", "7"}),
    "its length": (flip(ORIGINAL, at_second(7) - 99 - 2), "sealed_altered", ORIGINAL, {"6", "7"}),
    "the head": (flip(ORIGINAL, 3), "sealed_altered", ORIGINAL, {"0"}),
    "the last bit": (flip(ORIGINAL, -1), "sealed_altered", ORIGINAL, {"11", "12"}),
    "the end cut off": (cut(ORIGINAL, 3 * SECOND), "sealed_altered", ORIGINAL, {"7", "8", "9"}),
    "an empty file": (cut(ORIGINAL, 1 << 30), "sealed_altered", ORIGINAL, {"0"}),
    "the key": (flip(KEY, 99), "altered", KEY, set()),
    "no key": (remove(KEY), "missing", KEY, set()),
    "the copy": (flip(COPY, 99_999), "altered", COPY, set()),
    "the copy, with all hashes made to fit": (change_copy, "copy_differs", COPY, set()),
    "the records' hash, with all hashes made to fit": (change_records, "records_differ", names.MANIFEST, set()),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_each_tampering_is_named(packages: Packages, kind: str) -> None:
    act, code, file, seconds = TAMPERINGS[kind]
    files = dict(packages.with_copy)
    act(files)

    found = [one for one in check(files) if one.kind == "fault"]

    [fault] = [one for one in found if (one.code, one.values["file"]) == (code, file)]
    assert not seconds or fault.values["from"] in seconds
    assert not any(one.code == "files_whole" for one in check(files))


def test_any_flipped_bit_names_its_file(packages: Packages) -> None:
    seed = random.randrange(1 << 32)
    luck = random.Random(seed)
    for _ in range(60):
        name = luck.choice([ORIGINAL, ORIGINAL, COPY, KEY])
        place, bit = luck.randrange(len(packages.with_copy[name])), 1 << luck.randrange(8)

        found = faults({**packages.with_copy, name: flipped(packages.with_copy[name], place, bit)})

        assert name in {file for _, file in found}, f"seed {seed}: bit {bit} of byte {place} of {name}: {found}"


def test_the_command_makes_it_and_verify_names_what_was_altered(
    packages: Packages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret.txt").write_text(f"{OFFICE}\n")
    package = tmp_path / "package"

    status = main(["export", "--evidence", "--store", str(packages.signed.path), "s", "--output", str(package),
                   "--identity", str(tmp_path / "secret.txt")])  # fmt: skip

    assert status == 0
    assert main(["verify", "--package", str(package)]) == 0
    assert f"要確認: {COPY} は聴取用の複製で、原本は {ORIGINAL} です。" in capsys.readouterr().out
    (package / ORIGINAL).write_bytes(flipped((package / ORIGINAL).read_bytes(), at_second(7)))
    assert main(["verify", "--package", str(package)]) == 1
    assert f"封印された録音 {ORIGINAL} は変わっています。最初に変わっているのは、先頭から" in capsys.readouterr().out


def test_without_the_key_store_there_is_one_sentence(packages: Packages, tmp_path: Path) -> None:
    shutil.copytree(packages.signed.path, tmp_path / "store")
    for one in (tmp_path / "store").glob("keys.sqlite*"):
        one.unlink()

    with pytest.raises(Unusable, match="The keys of call s are gone.*keys.sqlite"):
        asyncio.run(export(tmp_path / "store", an_order(packages.signed, tmp_path / "out", call="s")))
