"""recorder export --evidence, and recorder verify --package."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest

from recorder.__main__ import main
from recorder.evidence import names
from recorder.evidence.checking import check
from recorder.evidence.export import export
from recorder.evidence.words import in_fours
from recorder.problems import Unusable
from storage.register import Entry
from storage.ring.ring import Ring
from storage.store import Store
from tests.evidence.authority import authority
from tests.evidence.conftest import Made
from tests.evidence.packages import (
    DAY_NS,
    Signed,
    a_signed_store,
    an_order,
    checkpoint,
    files_of,
    put,
    record,
)
from tests.evidence.tampering import WAV, flipped
from tests.packages import require
from tests.recorder.stores import START_NS, a_call, a_store
from tests.storage.build import findings

CUSTODY = set(names.OF_CUSTODY) - {names.COVER_HTML, names.COVER_PDF}


async def register(path: Path) -> list[Entry]:
    async with await Ring.open(path) as ring:
        return list(ring.register.read(ring.register.tail()))


async def test_two_exports_are_the_same_but_for_custody(tmp_path: Path) -> None:
    """Also after a month in which the register grew, keys changed, and somebody else asked."""
    signed = await a_signed_store(tmp_path)
    await export(signed.path, an_order(signed, tmp_path / "first"))
    async with await Store.open(signed.path) as store:
        await record(store, a_call("9", started_ns=START_NS + 30 * DAY_NS), seed=9)
    await checkpoint(signed, START_NS + 30 * DAY_NS)

    order = an_order(signed, tmp_path / "second.zip", at_ns=START_NS + 31 * DAY_NS, who="keiji", reason="other")
    await export(signed.path, order)

    first, second = files_of(tmp_path / "first"), files_of(tmp_path / "second.zip")
    assert set(first) == set(second)
    assert {name for name in first if first[name] != second[name]} == CUSTODY
    assert [one for one in check(second) if one.kind == "fault"] == []
    made = (tmp_path / "second.zip", *(tmp_path / "first").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


async def test_the_register_has_the_copy_before_there_is_one(tmp_path: Path) -> None:
    """If the register can't take the entry, nothing is copied (Matsumoto 10)."""
    signed = await a_signed_store(tmp_path)
    await export(signed.path, an_order(signed, tmp_path / "package"))

    [copy] = [entry for entry in await register(signed.path) if entry.kind == "copy"]
    manifest = hashlib.sha256((tmp_path / "package" / names.MANIFEST).read_bytes()).hexdigest()
    assert (copy.who, copy.fields["call"], copy.fields["form"]) == ("soumu", "1", "evidence")
    assert copy.fields["manifest_sha256"] == manifest
    custody = json.loads((tmp_path / "package" / names.CUSTODY).read_bytes())
    assert custody["entry"] == copy.number

    segment = max((signed.path / "register").glob("*.jsonl"))
    segment.write_bytes(segment.read_bytes().replace(b'"soumu"', b'"other"', 1))
    with pytest.raises(Exception, match="register"):
        await export(signed.path, an_order(signed, tmp_path / "again"))
    assert not (tmp_path / "again").exists()


async def test_a_stamp_is_asked_for_once(tmp_path: Path) -> None:
    """A second copy shows the same stamp, also without the authority."""
    signed = await a_signed_store(tmp_path)
    with authority(tmp_path / "tsa") as tsa:
        await export(signed.path, an_order(signed, tmp_path / "1", timestamp_url=tsa.url, timestamp_root=tsa.root))
        root = tsa.root
    await export(signed.path, an_order(signed, tmp_path / "2"))

    assert (tmp_path / "1" / names.STAMP).read_bytes() == (tmp_path / "2" / names.STAMP).read_bytes()
    remarks = check(files_of(tmp_path / "2"), root=root)
    assert {"stamped", "stamp_vouched"} <= {one.code for one in remarks}
    assert await findings(signed.path) == []  # what was kept belongs into a store


async def test_without_an_answer_of_the_authority_there_is_no_package(tmp_path: Path) -> None:
    signed = await a_signed_store(tmp_path)
    before = len(await register(signed.path))

    with pytest.raises(Unusable, match="--no-timestamp"):
        await export(signed.path, an_order(signed, tmp_path / "out", timestamp_url="http://127.0.0.1:9/"))

    assert not (tmp_path / "out").exists()
    assert len(await register(signed.path)) == before


async def test_what_was_altered_is_no_evidence(tmp_path: Path) -> None:
    signed = await a_signed_store(tmp_path)
    [audio] = signed.path.glob("2026/*/*/091502-1.wav")
    audio.write_bytes(flipped(audio.read_bytes(), 9999))

    with pytest.raises(Unusable, match="isn't the recording that its row names.*recorder verify"):
        await export(signed.path, an_order(signed, tmp_path / "out"))

    assert not (tmp_path / "out").exists()


async def test_a_call_without_a_recording_has_its_evidence_too(tmp_path: Path) -> None:
    """That nothing was recorded is what an office may have to show."""
    await a_store(tmp_path / "store", [(a_call(outcome="unanswered", end_reason="busy"), None)])
    signed = await a_signed_store(tmp_path / "other")

    await export(tmp_path / "store", an_order(signed, tmp_path / "out"))

    remarks = check(files_of(tmp_path / "out"))
    assert {"no_recording", "unsigned"} <= {one.code for one in remarks}
    assert [one for one in remarks if one.kind == "fault"] == []


async def test_g711_is_given_as_it_was_kept(tmp_path: Path) -> None:
    samples = np.zeros((16_000, 2), np.uint8)
    await a_store(tmp_path / "store", [(a_call(), samples)], "ulaw")
    signed = await a_signed_store(tmp_path / "other")
    await export(tmp_path / "store", an_order(signed, tmp_path / "out"))
    files = files_of(tmp_path / "out")
    files[WAV] = flipped(files[WAV], 4096 + 16_000 + 3)

    [fault] = [one for one in check(files) if one.kind == "fault"]

    assert (fault.code, fault.values["from"], fault.values["to"]) == ("audio_altered", "1", "2")


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    signed = await a_signed_store(tmp_path, sign=False)
    (tmp_path / "there.zip").write_bytes(b"mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_bytes(b"mine")

    for name in ("there.zip", "full"):
        with pytest.raises(Unusable, match="exists and is not overwritten"):
            await export(signed.path, an_order(signed, tmp_path / name))
    assert (tmp_path / "there.zip").read_bytes() == b"mine"


def test_sha256sum_checks_what_is_beside_the_manifest(made: Made, tmp_path: Path) -> None:
    folder = put(made.files, tmp_path / "package")

    subprocess.run(["sha256sum", "--quiet", "-c", names.SUMS], cwd=folder, check=True)


def test_openssl_checks_the_stamp_as_the_page_says(made: Made, tmp_path: Path) -> None:
    folder = put(made.files, tmp_path / "package")
    (tmp_path / "root.pem").write_bytes(made.root)

    subprocess.run(
        [require("openssl"), "ts", "-verify", "-data", names.CHECKPOINT_TEXT, "-in", names.STAMP, "-CAfile",
         str(tmp_path / "root.pem")], cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def test_the_cover_names_the_call_its_hashes_and_the_register(made: Made, tmp_path: Path) -> None:
    require("pdftotext")
    folder = put(made.files, tmp_path / "package")

    shown = subprocess.run(
        ["pdftotext", "-layout", str(folder / names.COVER_PDF), "-"], check=True, capture_output=True, text=True
    ).stdout

    for words in (
        "令和8年11月22日(日)2026-11-22 09:15:02.123456", "03-1234-5678", "recorder 0.1.0", "witness.example", WAV,
        "第 4 号", "0.5秒",
    ):  # fmt: skip
        assert words in shown.replace("（", "(").replace("）", ")"), words
    manifest = hashlib.sha256(made.files[names.MANIFEST]).hexdigest()
    assert all(four in shown for four in in_fours(manifest).split())


# --- the commands -------------------------------------------------------------------------------------------


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return asyncio.run(a_signed_store(tmp_path))


def test_a_package_is_made_and_checked_by_command(
    signed: Signed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "package.zip"

    made = main(["export", "--evidence", "--store", str(signed.path), "1", "--reason", "x", "--output", str(package)])
    assert (made, capsys.readouterr().out) == (0, f"{package}\n")

    assert main(["verify", "--package", str(package), "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"audio_proved", "facts_proved", "signed", "included"} <= {one["code"] for one in said}


def test_a_touched_package_is_named_and_the_status_is_1(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = put({**made.files, WAV: flipped(made.files[WAV], 4096 + 32_000 * 3)}, tmp_path / "package")

    status = main(["verify", "--package", str(folder), "--key", made.published])

    assert status == 1
    assert f"録音 {WAV} は変わっています。最初に変わっているのは、先頭から 3 秒と 4 秒の間" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["verify"], "Name --store or --package."),
        (["verify", "--package", "PACKAGE", "--key", "nonsense"], "is no key"),
        (["verify", "--package", "PACKAGE/manifest.json"], "is neither a folder nor a ZIP"),
        (["verify", "--package", "missing"], "No such file or directory"),
        (["export", "--evidence", "--store", "STORE", "1", "2", "--output", "x"], "is of one call"),
        (["export", "--evidence", "--store", "STORE", "none", "--output", "x"], "There is no call none"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    folder = put(made.files, tmp_path / "package")
    places = {"PACKAGE": str(folder), "STORE": str(made.signed.path), "missing": str(tmp_path / "missing")}
    for name, path in places.items():
        arguments = [one.replace(name, path) for one in arguments]

    status = main(arguments)

    assert status == 2
    assert sentence in capsys.readouterr().err
