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
from pathlib import Path

import pytest
from pyrage import x25519

from recorder.__main__ import main
from recorder.evidence import names
from recorder.evidence.checking import check
from recorder.evidence.export import export
from recorder.evidence.words import in_fours
from recorder.problems import Unusable
from storage.ring.ring import Ring
from storage.wav import ALAW
from tests.evidence.packages import DAY_NS, SECONDS, an_order, files_of, put
from tests.evidence.sealed_packages import COPY, KEY, ORIGINAL, TAMPERINGS, Packages, a_sealed_signed_store, at_second
from tests.evidence.tampering import Files, flipped
from tests.packages import require
from tests.recorder.stores import START_NS
from tests.storage.sealed.build import ESCROW, OFFICE

OPENER = Path(__file__).resolve().parents[2] / "docs" / "opener" / "open_sealed.py"


def faults(files: Files) -> list[tuple[str, str]]:
    return [(one.code, one.values["file"]) for one in check(files) if one.kind == "fault"]


def test_the_original_is_what_the_register_proves(sealed: Packages) -> None:
    [original] = sealed.signed.path.rglob("*.sealed")

    for files in (sealed.with_copy, sealed.without):
        assert files[ORIGINAL] == original.read_bytes()
        remarks = {one.code: one for one in check(files)}
        assert [one for one in remarks.values() if one.kind == "fault"] == []
        assert {"signed", "included", "facts_proved", "audio_proved", "files_whole", "sealed"} <= set(remarks)
        assert remarks["audio_proved"].values["file"] == ORIGINAL
        assert KEY in remarks["sealed"].text("ja") and KEY in remarks["sealed"].text("en")


def test_without_a_secret_key_nothing_in_it_can_be_heard(sealed: Packages) -> None:
    everything = b"".join(sealed.without.values())

    assert COPY not in sealed.without
    assert json.loads(sealed.without[names.MANIFEST])["sealed"]["copy"] is None
    assert not any(sealed.samples[at : at + 32] in everything for at in range(0, len(sealed.samples), 3200))
    assert "copy" not in {one.code for one in check(sealed.without)}


def test_the_copy_has_the_samples_and_is_named_as_a_copy(sealed: Packages) -> None:
    manifest = json.loads(sealed.with_copy[names.MANIFEST])
    said = manifest["sealed"]["copy"]
    with wave.open(io.BytesIO(sealed.with_copy[COPY])) as heard:
        assert heard.getparams()[:4] == (2, 2, 8000, SECONDS * 8000 + 99)
        assert heard.readframes(1 << 20) == sealed.samples

    assert manifest["recording"] == ORIGINAL
    assert (said["file"], said["made_for"], said["cut_s"]) == (COPY, "listening", None)
    assert said["samples_sha256"] == hashlib.sha256(sealed.samples).hexdigest()
    assert manifest["files"][COPY]["sha256"] == hashlib.sha256(sealed.with_copy[COPY]).hexdigest()
    [remark] = [one for one in check(sealed.with_copy) if one.code == "copy"]
    assert remark.kind == "open"  # no register proves it
    assert said["samples_sha256"] in remark.text("ja") and "聴取用の複製" in remark.text("ja")


def test_who_has_a_secret_key_makes_the_same_copy_with_other_tools(sealed: Packages, tmp_path: Path) -> None:
    """With age, the opener of docs/ and what is in the package, by the command that the cover sheet shows."""
    require("age")
    folder = put(sealed.without, tmp_path / "package")
    (folder / "SECRET.txt").write_text(f"{ESCROW}\n")
    [told] = [one for one in check(sealed.without) if one.code == "sealed"]
    command = told.values["command"].split()
    assert command[:2] == ["python3", "open_sealed.py"]

    run = subprocess.run([sys.executable, OPENER, *command[2:]], cwd=folder, capture_output=True, check=True)

    assert (folder / "091502-s.wav").read_bytes() == sealed.with_copy[COPY]
    last = json.loads(run.stdout)
    assert last["records_sha256"] == json.loads(sealed.without[names.MANIFEST])["sealed"]["records_sha256"]


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


async def test_two_exports_are_the_same_but_for_custody(sealed: Packages, tmp_path: Path) -> None:
    """Whichever of the keys opened it."""
    order = an_order(sealed.signed, tmp_path / "2", call="s", secrets=[ESCROW], at_ns=START_NS + 9 * DAY_NS, who="x")

    await export(sealed.signed.path, order)

    second = files_of(tmp_path / "2")
    assert set(second) == set(sealed.with_copy)
    differ = {name for name in second if second[name] != sealed.with_copy[name]}
    assert differ == set(names.OF_CUSTODY) - {names.COVER_HTML, names.COVER_PDF}


async def test_the_register_tells_a_copy_in_the_clear_from_one_that_is_not(sealed: Packages) -> None:
    async with await Ring.open(sealed.signed.path) as ring:
        copies = [one for one in ring.register.read(ring.register.tail()) if one.kind == "copy"]

    forms = {one.fields["manifest_sha256"]: one.fields["form"] for one in copies}
    for files, form in ((sealed.with_copy, "evidence_and_wav"), (sealed.without, "evidence")):
        assert forms[hashlib.sha256(files[names.MANIFEST]).hexdigest()] == form


async def test_the_wrong_key_makes_no_package_and_no_entry(sealed: Packages, tmp_path: Path) -> None:
    register = b"".join(path.read_bytes() for path in sorted((sealed.signed.path / "register").glob("*.jsonl")))
    order = an_order(sealed.signed, tmp_path / "out", call="s", secrets=[x25519.Identity.generate()])

    with pytest.raises(Unusable, match="None of the keys given opens this recording"):
        await export(sealed.signed.path, order)

    assert os.listdir(tmp_path) == []
    after = b"".join(path.read_bytes() for path in sorted((sealed.signed.path / "register").glob("*.jsonl")))
    assert after == register


def test_the_sound_is_nowhere_but_in_the_package(sealed: Packages, tmp_path: Path) -> None:
    """Every file that the export opens for writing, as the kernel sees it."""
    require("strace")
    (tmp_path / "secret.txt").write_text(f"{OFFICE}\n")
    (tmp_path / "scratch").mkdir()
    run = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=open,openat,creat,memfd_create", "-o", tmp_path / "trace", sys.executable,
         "-m", "recorder", "export", "--evidence", "--store", sealed.signed.path, "s", "--output",
         tmp_path / "out.zip", "--identity", tmp_path / "secret.txt"],
        cwd=Path(__file__).resolve().parents[2], env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr

    lines = (tmp_path / "trace").read_text().splitlines()
    made = {line.split('"')[1] for line in lines if "O_CREAT" in line and " = -1 " not in line}
    kept = {name for name in made if not name.endswith(".pyc") and "__pycache__" not in name}
    elsewhere = {name for name in kept if not name.startswith(str(sealed.signed.path)) and name != "/dev/null"}
    assert elsewhere == {str(tmp_path / "out.zip")}
    assert not any("memfd_create(" in line or "O_TMPFILE" in line for line in lines)
    store = b"".join(path.read_bytes() for path in sealed.signed.path.rglob("*") if path.is_file())
    assert not any(sealed.samples[at : at + 32] in store for at in range(0, len(sealed.samples), 3200))
    assert os.listdir(tmp_path / "scratch") == []


def test_the_cover_says_which_is_the_original_and_which_the_copy(sealed: Packages, tmp_path: Path) -> None:
    require("pdftotext")
    for files, words in (
        (sealed.with_copy, (ORIGINAL, COPY, KEY, "聞くための複製であり", "open_sealed.py")),
        (sealed.without, (ORIGINAL, KEY, "なし（秘密鍵を使わずに作成した）")),
    ):
        (tmp_path / "cover.pdf").write_bytes(files[names.COVER_PDF])
        shown = subprocess.run(
            ["pdftotext", "-layout", tmp_path / "cover.pdf", "-"], check=True, capture_output=True, text=True
        ).stdout
        flat = "".join(shown.split())
        for word in words:
            assert "".join(word.split()) in flat, word
    said = json.loads(sealed.with_copy[names.MANIFEST])["sealed"]
    html = sealed.with_copy[names.COVER_HTML].decode()
    assert in_fours(said["copy"]["samples_sha256"]) in html and in_fours(said["records_sha256"]) in html


# --- whoever alters it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_each_tampering_is_named(sealed: Packages, kind: str) -> None:
    act, code, file, seconds = TAMPERINGS[kind]
    files = dict(sealed.with_copy)
    act(files)

    found = [one for one in check(files) if one.kind == "fault"]

    [fault] = [one for one in found if (one.code, one.values["file"]) == (code, file)]
    assert not seconds or fault.values["from"] in seconds
    assert not any(one.code == "files_whole" for one in check(files))


def test_any_flipped_bit_names_its_file(sealed: Packages) -> None:
    seed = random.randrange(1 << 32)
    luck = random.Random(seed)
    for _ in range(60):
        name = luck.choice([ORIGINAL, ORIGINAL, COPY, KEY])
        place, bit = luck.randrange(len(sealed.with_copy[name])), 1 << luck.randrange(8)

        found = faults({**sealed.with_copy, name: flipped(sealed.with_copy[name], place, bit)})

        assert name in {file for _, file in found}, f"seed {seed}: bit {bit} of byte {place} of {name}: {found}"


def test_the_command_makes_it_and_verify_names_what_was_altered(
    sealed: Packages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret.txt").write_text(f"{OFFICE}\n")
    package = tmp_path / "package"

    status = main(["export", "--evidence", "--store", str(sealed.signed.path), "s", "--output", str(package),
                   "--identity", str(tmp_path / "secret.txt")])  # fmt: skip

    assert status == 0
    assert main(["verify", "--package", str(package)]) == 0
    assert f"要確認: {COPY} は聴取用の複製で、原本は {ORIGINAL} です。" in capsys.readouterr().out
    (package / ORIGINAL).write_bytes(flipped((package / ORIGINAL).read_bytes(), at_second(7)))
    assert main(["verify", "--package", str(package)]) == 1
    assert f"封印された録音 {ORIGINAL} は変わっています。最初に変わっているのは、先頭から" in capsys.readouterr().out


def test_without_the_key_store_there_is_one_sentence(sealed: Packages, tmp_path: Path) -> None:
    shutil.copytree(sealed.signed.path, tmp_path / "store")
    for one in (tmp_path / "store").glob("keys.sqlite*"):
        one.unlink()

    with pytest.raises(Unusable, match="The keys of call s are gone.*keys.sqlite"):
        asyncio.run(export(tmp_path / "store", an_order(sealed.signed, tmp_path / "out", call="s")))
