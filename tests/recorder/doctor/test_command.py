"""The command: capture files and live interfaces, in both languages and as JSON, and its exit status."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recorder.__main__ import main
from recorder.cli import program
from recorder.doctor.examine import examine_interfaces
from recorder.doctor.findings import BOOK, Code, Severity
from recorder.doctor.judge import judge
from recorder.problems import Unusable
from recorder.settings import Capture, Settings
from tests.capture.wire.cables import Cable, ip
from tests.recorder.doctor.mirror import call, write

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(program, ["doctor", *map(str, arguments)], standalone_mode=False)


def status(*arguments: str | Path) -> int:
    """The exit status as a shell would see it."""
    return main(["doctor", *map(str, arguments)])


def test_a_capture_that_is_well(demo_capture: Path) -> None:
    shown = run("--lang", "en", demo_capture)

    assert status(demo_capture) == 0
    assert shown.stdout.splitlines()[-1] == "Verdict: well. Nothing is wrong."
    assert "2 calls (2 answered), 4 audio streams" in shown.stdout


def test_a_capture_of_one_direction_says_so_in_both_languages(tmp_path: Path) -> None:
    path = write(tmp_path / "half.pcap", (packet for packet in call() if packet.outward))

    english, japanese = run("--lang", "en", path).stdout, run("--lang", "ja", path).stdout

    assert status(path) == 1
    assert "x FAULT [audio_one_direction]" in english and "Set the mirror to both directions" in english
    assert "✗ 異常 [audio_one_direction]" in japanese and "双方向" in japanese
    assert japanese.splitlines()[-1].startswith("判定: 異常 2 件")


def test_each_file_has_a_report_of_its_own(demo_capture: Path, tmp_path: Path) -> None:
    quiet = write(tmp_path / "quiet.pcap", (packet for packet in call() if packet.kind == "sip"))

    well, silent = map(json.loads, run("--json", demo_capture, quiet).stdout.splitlines())

    assert well["well"] and well["of"] == str(demo_capture) and well["findings"] == []
    assert not silent["well"]
    [found] = silent["findings"]
    assert found["code"] == "signalling_without_audio" and found["severity"] == "fault"
    assert found["values"] == {"count": 1, "all": 1}
    assert set(found) == {"code", "severity", "meaning", "remedy", "meaning_ja", "remedy_ja", "values"}


def test_a_snap_length_is_seen_in_a_file(tmp_path: Path, demo_capture: Path) -> None:
    whole = demo_capture.read_bytes()
    cut, at = bytearray(whole[:24]), 24
    order = "little" if whole[:1] in b"\xd4\x4d" else "big"
    while at < len(whole):
        captured = int.from_bytes(whole[at + 8 : at + 12], order)
        kept = min(captured, 96)
        cut += whole[at : at + 8] + kept.to_bytes(4, order) + whole[at + 12 : at + 16] + whole[at + 16 : at + 16 + kept]
        at += 16 + captured
    path = tmp_path / "cut.pcap"
    path.write_bytes(cut)

    shown = json.loads(run("--json", path).stdout)

    [found] = [finding for finding in shown["findings"] if finding["code"] == "frames_cut"]
    assert found["values"]["length"] == 96


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ([], "Nothing to look at is named. Name an interface (--interface eth1) or a file."),
        (["--interface", "eth1", "x.pcap"], "Interfaces and capture files can't be looked at together."),
        (["no-such-file.pcap"], "no-such-file.pcap can't be opened: No such file or directory."),
    ],
)
def test_what_cannot_be_looked_at(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*arguments) == 2
    assert sentence in capsys.readouterr().err


def test_the_shared_captures_are_looked_at_without_a_crash(shared_folder: Path) -> None:
    captures = sorted(shared_folder.glob("pcaps/*.pcap*"))
    done = subprocess.run(
        [sys.executable, "-m", "recorder", "doctor", "--json", *captures], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 1, done.stderr
    found = {
        Path(line["of"]).name: {finding["code"] for finding in line["findings"]}
        for line in map(json.loads, done.stdout.splitlines())
    }
    assert len(found) == len(captures)
    for name, code in {
        "d-snaplen96.pcap": Code.FRAMES_CUT,
        "d-span-duplicates.pcap": Code.DUPLICATES,
        "d-vlan-g711.pcap": Code.VLANS,
        "ndpi-skinny.pcap": Code.OTHER_SIGNALLING,
        "ws-h323-rtp_example.pcap": Code.OTHER_SIGNALLING,
        "vs-tls-rtp-call.pcap": Code.SIGNALLING_ENCRYPTED,
        "ws-Asterisk_ZFONE_XLITE.pcap": Code.AUDIO_ENCRYPTED,
        "ws-sip-rtp-g722.pcap": Code.CODEC_NOT_DECODABLE,
        "pn-udp-ip-fragmented.pcap": Code.FRAGMENTS,
    }.items():
        assert code in found[name], name
    assert found["sn-rtp-protocol.pcap"] == set()


def test_the_document_says_what_the_book_says() -> None:
    document = (ROOT / "docs" / "doctor.md").read_text("utf-8")
    sections = {part.partition("\n")[0]: part for part in document.split("\n### ")[1:]}

    assert list(sections) == [f"`{code}`" for code in sorted(BOOK, key=lambda code: BOOK[code].severity)]
    for code, entry in BOOK.items():
        for text in (*entry.meaning.values(), *entry.remedy.values()):
            assert text in sections[f"`{code}`"], code


def test_each_code_has_texts_that_its_finding_can_fill() -> None:
    for code in Code:
        entry = BOOK[code]
        assert entry.meaning["ja"] and entry.meaning["en"]
        assert bool(entry.remedy["ja"]) == bool(entry.remedy["en"]) == (entry.severity is not Severity.NOTE)


# --- on a wire ------------------------------------------------------------------------------------------------------


def is_promiscuous(name: str) -> bool:
    return bool(int(Path(f"/sys/class/net/{name}/flags").read_text(), 16) & 0x100)


def codes(*names: str, seconds: float = 1.2, settings: Settings | None = None) -> dict[Code, dict[str, str | int]]:
    seen = examine_interfaces(names, settings or Settings(), seconds)
    return {finding.code: finding.values for finding in judge(seen)}


def test_a_call_on_an_interface(cable: Cable, tmp_path: Path) -> None:
    """Played in real time on a virtual cable: nothing is said but what concerns this machine."""
    path = write(tmp_path / "call.pcap", call(talk_s=4))
    command = [sys.executable, "-m", "bench.sender", path, "--interface", cable.far]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as sender:
        found = codes(cable.near, seconds=6.5)

    assert sender.returncode == 0
    assert set(found) <= {Code.CLOCK_NOT_SYNCHRONISED}


def test_an_interface_on_which_nothing_comes(cable: Cable) -> None:
    assert codes(cable.near)[Code.NO_FRAMES] == {
        "seconds": 1, "where_en": f" through {cable.near}", "where_ja": f"{cable.near} に"
    }  # fmt: skip


@pytest.mark.parametrize("end, code", [("far", Code.INTERFACE_NO_LINK), ("near", Code.INTERFACE_DOWN)])
def test_an_interface_without_link(cable: Cable, end: str, code: Code) -> None:
    ip("link", "set", getattr(cable, end), "down")

    found = codes(cable.near)

    assert found[code] == {"name": cable.near}
    assert Code.NO_FRAMES not in found


def test_frames_that_this_machine_could_not_read_in_time(cable: Cable) -> None:
    """The ring has 1 MiB; 20 MB come at once."""
    frames = [packet.frame() for packet in call(talk_s=2)] * 300
    flood = threading.Timer(0.4, cable.send, [frames])
    flood.start()

    found = codes(cable.near, settings=Settings(capture=Capture(ring_bytes=1 << 20)))
    flood.join()

    assert int(found[Code.DROPPED_BY_KERNEL]["count"]) > 0


def test_an_interrupt_ends_the_look_and_gives_what_was_seen(cable: Cable) -> None:
    # Whoever starts the tests in the background lets them ignore interrupts, and all that they start.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "recorder", "doctor", "--json"]
    command += ["--interface", cable.near, "--seconds", "600"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not is_promiscuous(cable.near):  # the ring is open
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        cable.send([packet.frame() for packet in call(talk_s=1)])
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        try:
            said, _ = process.communicate(timeout=15)
        finally:
            process.kill()

    assert process.returncode == 1
    assert json.loads(said)["frames"] > 0


def test_an_interface_that_is_not_there(as_root: None) -> None:
    with pytest.raises(Unusable, match="there is no interface nosuch0"):
        examine_interfaces(["nosuch0"], Settings(), 1)
