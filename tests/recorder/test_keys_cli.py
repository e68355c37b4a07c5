
"""Keys as a person works with them: made, tried, wrapped anew; and recordings copied for who holds one."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from pyrage import passphrase, x25519

from recorder.__main__ import main
from recorder.alarms.code import Code
from recorder.housekeeping import keys as watch
from recorder.settings import Settings, check, load
from tests.evidence.test_registered import entries
from tests.recorder.test_cli import run
from tests.storage.build import SECOND, START, a_call, audio
from tests.storage.sealed.build import ESCROW, OFFICE, RECIPIENTS, a_sealed_store, heard

DAY = 86_400 * SECOND
DEMO = Path(__file__).resolve().parents[1] / "captures" / "demo.pcap"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three sealed calls."""
    path = tmp_path / "store"
    asyncio.run(a_sealed_store(path, *(a_call(f"c-{n}", started_ns=START + n * SECOND) for n in range(3))))
    return path


@pytest.fixture
def office(tmp_path: Path) -> Path:
    path = tmp_path / "office.txt"
    path.write_text(f"# public key: {OFFICE.to_public()}\n{OFFICE}\n")
    return path


def config(path: Path, *keys: tuple[str, object]) -> Path:
    path.write_text("\n".join(f'[[sealing.recipients]]\nname = "{name}"\nkey = "{key}"' for name, key in keys))
    return path


def test_a_copy_of_a_sealed_recording_is_what_was_said(store: Path, office: Path, tmp_path: Path) -> None:
    done = run("export", "--store", store, "--identity", office, "c-1", "c-2", "--output", tmp_path / "copies")

    assert done.exit_code == 0
    names = sorted(os.listdir(tmp_path / "copies"))
    assert names == ["091503-c-1.wav", "091504-c-2.wav"]
    samples, rate = soundfile.read(tmp_path / "copies" / names[0], dtype="int16")
    assert (samples.tobytes(), rate) == (audio(400, 2), 8000)
    assert stat.S_IMODE((tmp_path / "copies" / names[0]).stat().st_mode) == 0o600


def test_for_whom_recordings_are_sealed_is_in_the_register(tmp_path: Path) -> None:
    """With every start: recipients change with a start alone, so no change goes unseen."""
    sealed = config(tmp_path / "sealed.toml", *RECIPIENTS)
    plain = tmp_path / "plain.toml"
    plain.write_text("")
    for settings in (sealed, plain):
        done = run("replay", "--store", tmp_path / "store", "--config", settings, DEMO)
        assert done.exit_code == 0, done.output

    first, second = asyncio.run(entries(tmp_path / "store", "start"))
    assert first.fields["sealed_for"] == [[one.name, one.key] for one in RECIPIENTS]
    assert "sealed_for" not in second.fields


def test_without_a_key_a_sentence_says_what_is_missing(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.wav"
    assert main(["export", "--store", str(store), "c-1", "--output", str(copy)]) == 2
    assert "The recording of call c-1 is sealed. Name the file of a key that opens it: --identity FILE" in (
        capsys.readouterr().err
    )
    stranger = tmp_path / "stranger.txt"
    stranger.write_text(str(x25519.Identity.generate()))
    assert main(["export", "--store", str(store), "c-1", "--output", str(copy), "--identity", str(stranger)]) == 2
    assert "None of the keys given opens this recording." in capsys.readouterr().err
    assert not copy.exists()


def test_a_copy_of_an_altered_recording_is_not_finished(
    store: Path, office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [file] = store.rglob("*c-1.sealed")
    data = bytearray(file.read_bytes())
    data[700] ^= 1
    file.write_bytes(data)

    copy = tmp_path / "copy.wav"
    assert main(["export", "--store", str(store), "c-1", "--output", str(copy), "--identity", str(office)]) == 2
    assert "altered at second 0.0" in capsys.readouterr().err
    assert not copy.exists()


def test_a_new_key_is_in_no_line_of_the_output_and_its_file_needs_the_passphrase(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("correct horse\n")
    path = tmp_path / "escrow.age"

    done = run("key", "new", "--name", "escrow", "--output", path, "--passphrase-file", tmp_path / "passphrase")

    assert done.exit_code == 0
    assert "AGE-SECRET" not in done.output and b"AGE-SECRET" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = passphrase.decrypt(path.read_bytes(), "correct horse").decode().splitlines()[-1]
    public = str(x25519.Identity.from_str(secret).to_public())
    settings, found = check((done.output + f'[[sealing.recipients]]\nname="b"\nkey="{OFFICE.to_public()}"').encode())
    assert not found and settings is not None
    assert [one.key for one in settings.sealing.recipients] == [public, str(OFFICE.to_public())]


@pytest.mark.parametrize("text, fault", [
    ('[[sealing.recipients]]\nname = "a"\nkey = "{0}"\n',
     "1: sealing.recipients: sealing needs at least 2 recipients with different keys: one who works with recordings, "
     "and one in a safe place for the day that key is lost"),
    ('[[sealing.recipients]]\nname = "a"\nkey = "{0}"\n[[sealing.recipients]]\nname = "a"\nkey = "{1}"\n',
     "1: sealing.recipients: two recipients have the same name or the same key"),
    ('[[sealing.recipients]]\nname = "a"\nkey = "{2}"\n',
     "3: sealing.recipients[0].key: must be an age public key (age1...), not a secret key, which belongs in no file "
     "here"),
    ('[sealing]\nbackup_days = -1\n', "2: sealing.backup_days: must be at least 0, not -1"),
])  # fmt: skip
def test_a_fault_in_the_settings_is_told_by_its_line(text: str, fault: str) -> None:
    _, found = check(text.format(RECIPIENTS[0].key, RECIPIENTS[1].key, OFFICE).encode())

    assert [str(one) for one in found] == [fault]


def test_a_drill_opens_one_and_is_entered(store: Path, office: Path, tmp_path: Path) -> None:
    good = run("key", "drill", "--store", store, "--identity", office)
    stranger = tmp_path / "stranger.txt"
    stranger.write_text(str(x25519.Identity.generate()))
    bad = main(["key", "drill", "--store", str(store), "--identity", str(stranger), "--call", "c-0"])
    listed = run("key", "list", "--store", store)

    assert good.exit_code == 0 and "opens, to its last sample" in good.output
    assert bad == 1
    assert f"3 sealed for office ({OFFICE.to_public()}), escrow ({ESCROW.to_public()})" in listed.output
    assert f"The last drill with {OFFICE.to_public()} was on 20" in listed.output
    register = b"".join(path.read_bytes() for path in (store / "register").glob("*") if path.is_file())
    assert register.count(b'"key_drill"') == 2 and register.count(b'"opened":true') == 1


def test_wrapped_anew_a_recording_opens_for_the_new_and_no_more_for_the_old(
    store: Path, office: Path, tmp_path: Path
) -> None:
    new = x25519.Identity.generate()
    file = config(tmp_path / "r.toml", ("new", new.to_public()), ("escrow", ESCROW.to_public()))
    before = {path: path.read_bytes() for path in store.rglob("*.sealed")}

    done = run("key", "rewrap", "--store", store, "--config", file, "--identity", office)

    assert done.exit_code == 0 and "3 keys wrapped for new, escrow." in done.output
    assert {path: path.read_bytes() for path in store.rglob("*.sealed")} == before
    for identity in (new, ESCROW):
        assert asyncio.run(heard(store, "c-1", identity=identity)) == audio(400, 2)
    with pytest.raises(Exception, match="None of the keys given"):
        asyncio.run(heard(store, "c-1", identity=OFFICE))
    assert main(["key", "rewrap", "--store", str(store), "--config", str(file), "--identity", str(office)]) == 0
    assert main(["verify", "--store", str(store)]) == 0


def test_a_key_that_nobody_tried_and_recordings_in_one_hand_ring(store: Path, office: Path, tmp_path: Path) -> None:
    now_ns = START + 40 * DAY

    def codes(settings: Settings) -> list[tuple[Code, str]]:
        found = asyncio.run(watch.alarms(str(store), settings.sealing, now_ns))
        assert found is not None
        assert all(one.meaning("ja") and one.meaning("en") and one.remedy("ja") for one in found)
        return [(one.code, one.about) for one in found]

    both = load(config(tmp_path / "a.toml", ("office", OFFICE.to_public()), ("escrow", ESCROW.to_public())))
    new = x25519.Identity.generate().to_public()
    one = load(config(tmp_path / "b.toml", ("office", OFFICE.to_public()), ("new", new)))
    assert codes(both) == [(Code.KEY_DRILL_OVERDUE, "office"), (Code.KEY_DRILL_OVERDUE, "escrow")]
    assert codes(one)[-1] == (Code.KEY_IN_ONE_HAND, "")
    assert codes(Settings()) == []

    run("key", "drill", "--store", store, "--identity", office)
    state = replace(asyncio.run(watch.state(str(store))), first_ns=START - 100 * DAY)
    assert list(state.drilled_ns) == [str(OFFICE.to_public())]
    assert [one.name for one in state.never_drilled(RECIPIENTS, max(state.drilled_ns.values()) + DAY)] == ["escrow"]


def test_calls_say_that_they_are_sealed(store: Path) -> None:
    listed = run("calls", "--store", store, "--json")

    [first, *_] = [json.loads(line) for line in listed.output.splitlines()]
    assert first["recording"]["path"].endswith("c-0.sealed")
    assert (first["recording"]["sealed"], first["recording"]["encoding"]) == (True, "pcm16")
    assert first["recording"]["bytes"] == next(store.rglob("*c-0.sealed")).stat().st_size
