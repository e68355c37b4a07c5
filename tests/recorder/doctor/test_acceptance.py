"""The acceptance report: each point by what was seen, as PDF, and from the recorder's own figures and calls."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
from click.testing import CliRunner

from recorder.cli.doctor import command
from recorder.doctor import kept
from recorder.doctor.acceptance import RESULTS, Acceptance, document
from recorder.doctor.checks import POINTS, Result, checks
from recorder.doctor.findings import BOOK, Code, Severity
from recorder.doctor.judge import judge
from recorder.doctor.looking_back import seen_of
from recorder.doctor.seen import Seen
from recorder.figures.values import CallFigures, Figures, InterfaceFigures
from storage.records import RecordingRecord
from tests.recorder.doctor.mirror import Packet, call, framed, look, write
from tests.recorder.stores import START_NS, a_call, a_stream

CLEAN = {"frames", "signalling", "answers", "sides", "heard", "codecs", "clear", "losses", "copies", "whole"}


def results(seen: Seen) -> dict[str, Result]:
    return {one.name: one.result for one in checks(seen, judge(seen))}


def test_each_finding_of_weight_fails_one_point_and_no_other():
    for code in Code:
        if BOOK[code].severity is not Severity.NOTE:
            assert sum(code in point.codes for point in POINTS) == 1, code


def test_a_line_that_is_well_passes_what_could_be_seen():
    seen = look([(one.at_ns, one.frame(vlans=(100,))) for one in sorted(call() + call(2, at_s=10), key=by_time)])

    found = results(seen)

    assert {name for name, result in found.items() if result is Result.PASSED} == CLEAN | {"vlans"}
    assert found["clock"] is Result.OPEN  # of a file nobody knows


def by_time(packet: Packet) -> int:
    return packet.at_ns


def test_of_nothing_nothing_is_passed():
    found = results(Seen(seconds=30.0))

    assert Result.PASSED not in found.values() and found["frames"] is Result.FAILED


def test_one_direction_and_encryption_fail_their_own_points_alone():
    one_way = look(framed([packet for packet in call() if packet.kind != "rtp" or packet.outward]))

    found = results(one_way)

    assert {name for name, result in found.items() if result is Result.FAILED} == {"sides"}
    assert found["heard"] is Result.PASSED


def test_the_whole_is_as_good_as_its_worst_point():
    well = look(framed(call() + call(2, at_s=10)))
    made = acceptance(well)

    assert made.result is Result.OPEN  # the clock
    assert acceptance(replace(well, synchronised=True)).result is Result.PASSED
    assert acceptance(replace(well, synchronised=False)).result is Result.DOUBTFUL
    assert acceptance(replace(well, cut=3)).result is Result.FAILED
    assert [one.code for one in acceptance(replace(well, cut=3)).findings] == [Code.FRAMES_CUT]


def acceptance(seen: Seen) -> Acceptance:
    return Acceptance(
        office="松本市", machine="recorder-1", software="recorder 0", looked_at="eth1", begun_ns=START_NS,
        ended_ns=START_NS, made_ns=START_NS, checks=checks(seen, judge(seen)),
    )  # fmt: skip


def test_the_command_writes_it_as_a_pdf_once(tmp_path):
    capture, report = tmp_path / "line.pcap", tmp_path / "report.pdf"
    write(capture, call() + call(2, at_s=10))

    first = CliRunner().invoke(command, [str(capture), "--report", str(report)])
    again = CliRunner().invoke(command, [str(capture), "--report", str(report)])
    two = CliRunner().invoke(command, [str(capture), str(capture), "--report", str(tmp_path / "other.pdf")])

    assert first.exit_code == 0 and report.read_bytes().startswith(b"%PDF-")
    assert isinstance(again.exception, SystemExit) and again.exit_code == 2 and "not overwritten" in again.output
    assert two.exit_code == 2 and not (tmp_path / "other.pdf").exists()


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler-utils")
def test_the_pdf_says_each_point_and_has_lines_for_names(tmp_path):
    capture, report = tmp_path / "line.pcap", tmp_path / "report.pdf"
    write(capture, call() + call(2, at_s=10))
    CliRunner().invoke(command, [str(capture), "--report", str(report)])

    text = subprocess.run(["pdftotext", "-layout", report, "-"], capture_output=True, text=True, check=True).stdout

    for word in ("検収報告書", "音声が双方向に見える", "録音できる音声方式", "未確認", "検収者", "受注者"):
        assert word in text.replace("\n", ""), word
    assert "0312345678" not in text and "2101" not in text


def test_the_paper_has_a_row_for_each_point():
    made = document(acceptance(look(framed(call()))))

    [table] = [block for block in made.blocks if getattr(block, "head", ("",))[0] == "番号"]
    assert len(table.rows) == len(POINTS) and {row[-1] for row in table.rows} <= set(RESULTS.values())


def figures(**changes: object) -> Figures:
    found = Figures(
        at_ns=START_NS, started_ns=START_NS - 10**12, pid=1, store="/x", calls=CallFigures(), entered=2, recordings=2,
        late_s=0.0, waiting_bytes=0, shed_bytes=0, counts={"sip_messages": 24},
        interfaces=(InterfaceFigures(name="eth1", state="up", frames=5000, dropped=0, last_frame_ns=START_NS),),
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


def recorded(call_id: str, *streams: dict[str, object], **changes: object):
    sides = [
        a_stream(channel, source=f"192.0.2.{10 + channel}:4000", destination="192.0.2.99:1", **given)
        for channel, given in enumerate(streams)
    ]
    recording = RecordingRecord(starts_ns=START_NS, frames=80_000, rate_hz=8000, streams=tuple(sides))
    return a_call(call_id, recording=recording, **changes)


def test_without_the_recorder_s_figures_what_only_they_tell_is_open():
    seen = seen_of([recorded("1", {}, {})], None, seconds=3600.0, synchronised=True)

    found = results(seen)

    assert {name for name, result in found.items() if result is Result.OPEN} == {
        "frames", "signalling", "whole", "vlans",
    }  # fmt: skip
    assert not any(one.severity is Severity.FAULT for one in judge(seen))


def test_what_only_a_look_at_the_interface_tells_is_filled_in_from_the_last_one(tmp_path):
    looked = look([(one.at_ns, one.frame(vlans=(100, 7))) for one in sorted(call() + call(2, at_s=10), key=by_time)])
    mine = checks(seen := seen_of([recorded("1", {}, {})], None, seconds=60.0, synchronised=True), judge(seen))
    before = kept.filled(mine, kept.read(tmp_path))
    kept.keep(tmp_path, checks(looked, judge(looked)), START_NS)

    after = {one.name: one for one in kept.filled(mine, kept.read(tmp_path))}

    assert before == mine
    assert after["vlans"].result is Result.PASSED
    assert after["vlans"].facts("ja") == "VLAN 100/7（令和8年11月22日（日）2026-11-22 09:15 の recorder doctor）"
    assert after["sides"].facts("ja") == mine[3].facts("ja")  # what the recorder itself knows stays
    (tmp_path / kept.NAME).write_text('{"at_ns": 1, "points": {"vlans": ["fine"]}}')
    assert kept.read(tmp_path) is None


def look_back(*calls, of: Figures | None = None, in_step: bool | None = True) -> dict[str, Result]:
    seen = seen_of(calls, figures() if of is None else of, seconds=3600.0, synchronised=in_step)
    return results(seen)


def test_the_recorder_s_own_figures_and_calls_pass_where_all_is_well():
    found = look_back(recorded("1", {}, {}), recorded("2", {}, {}))

    assert {name for name, result in found.items() if result is Result.PASSED} == CLEAN | {"clock"}
    assert found["vlans"] is Result.OPEN  # only a look at the interface tells


@pytest.mark.parametrize(
    ("point", "calls", "of"),
    [
        ("sides", [recorded("1", {}), recorded("2", {})], figures()),
        ("heard", [a_call("1", outcome="no_audio"), recorded("2", {}, {})], figures()),
        ("clear", [a_call("1", outcome="no_audio", flags=("encrypted",)), recorded("2", {}, {})], figures()),
        ("codecs", [a_call("1", outcome="no_audio", flags=("unsupported_codec",)), recorded("2", {}, {})], figures()),
        ("losses", [recorded("1", {"lost": 50}, {})], figures()),
        ("copies", [recorded("1", {"duplicates": 500}, {"duplicates": 500})], figures()),
        ("losses", [recorded("1", {}, {})], figures(interfaces=(
            InterfaceFigures(name="eth1", state="up", frames=9, dropped=3, last_frame_ns=1),))),
        ("frames", [recorded("1", {}, {})], figures(interfaces=(
            InterfaceFigures(name="eth1", state="no_carrier", frames=9, dropped=0, last_frame_ns=1),))),
        ("whole", [recorded("1", {}, {})], figures(counts={"sip_messages": 9, "datagrams_expired": 4})),
    ],
)  # fmt: skip
def test_what_is_amiss_on_the_line_is_told_by_the_recorder_too(point, calls, of):
    found = look_back(*calls, of=of)

    assert found[point] in (Result.FAILED, Result.DOUBTFUL)


def test_excluded_calls_are_no_calls_without_audio():
    found = look_back(a_call("1", outcome="excluded", caller=None), recorded("2", {}, {}))

    assert found["heard"] is Result.PASSED
