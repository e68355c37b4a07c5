"""Lists of calls as exchanges write them."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.account.cdr import Line, read
from recorder.problems import Unusable
from recorder.settings import Cdr

START = 1_795_306_502 * 10**9  # 2026-11-22 09:15:02 in Japan
OWN: dict[str, Any] = {"preset": "own", "start": "start", "caller": "from", "callee": "to"}
HEADER = '"src","dst","channel","dstchannel","start_utc","answer_utc","end_utc","billsec","disposition","uniqueid"\n'


def one(text: str | bytes, **settings: Any) -> Line:
    data = text if isinstance(text, bytes) else text.encode()
    [line] = read(data, "cdr.csv", Cdr(**settings))
    return line


def fault(text: str | bytes, **settings: Any) -> str:
    with pytest.raises(Unusable) as refused:
        read(text if isinstance(text, bytes) else text.encode(), "cdr.csv", Cdr(**settings))
    assert refused.value.sentence.endswith(".") and "\n" not in str(refused.value)
    return refused.value.sentence


def test_asterisk_with_a_header_in_utc() -> None:
    row = '"0312345678","2102","PJSIP/trunk-00000002","PJSIP/2101-00000003","2026-11-22 00:15:02",'
    row += '"2026-11-22 00:15:04","2026-11-22 00:15:31","27","ANSWERED","1795306502.2"\n'

    assert one(HEADER + row) == Line(
        number=2, start_ns=START, answer_ns=START + 2 * 10**9, end_ns=START + 29 * 10**9, talk_s=27.0,
        caller="0312345678", callee="2102", extensions=frozenset({"2101"}), answered=True, disposition="ANSWERED",
        conversation="1795306502.2",
    )  # fmt: skip


@pytest.mark.parametrize(
    "behind, conversation",
    [
        ("", ""),
        (',"1795306502.2"', "1795306502.2"),
        (',"pbx-1795306502.2","note"', "pbx-1795306502.2"),
        (',"note"', ""),  # userfield in the place of uniqueid
        (',"","1795306502.2","7"', "1795306502.2"),
        (',"1795306502.3","u","","1795306502.2","7"', "1795306502.2"),
    ],
)
def test_asterisks_own_file_has_no_header_and_local_times(behind: str, conversation: str) -> None:
    row = '"","2101","0355556666","from-ext","""Ext"" <2101>","PJSIP/2101-01","PJSIP/trunk-02","Dial","PJSIP/x,40",'
    row += '"2026-11-22 09:15:02","","2026-11-22 09:15:31",29,0,"NO ANSWER","DOCUMENTATION"'

    line = one(row + behind + "\n")

    assert (line.number, line.start_ns, line.answer_ns, line.answered) == (1, START, None, False)
    assert (line.caller, line.callee, line.extensions) == ("2101", "0355556666", frozenset({"2101"}))
    assert line.conversation == conversation


def test_an_answer_of_no_length_is_none() -> None:
    """Asterisk writes such a line when it plays a tone after everybody was busy."""
    row = '1,2,,,"2026-11-22 00:15:02","2026-11-22 00:15:02","2026-11-22 00:15:02",0,ANSWERED,1795306502.2\n'

    assert not one(HEADER + row).answered


@pytest.mark.parametrize(
    "written, settings",
    [
        ("2026-11-22 09:15:02", {}),
        ("2026-11-22T00:15:02Z", {}),
        ("2026-11-21T19:15:02-05:00", {}),
        ("2026-11-22 00:15:02", {"timezone": "UTC"}),
        ("2026/11/22 09:15:02", {"time": "%Y/%m/%d %H:%M:%S"}),
        ("1795306502", {"time": "epoch"}),
        ("1795306502000", {"time": "epoch_ms"}),
    ],
)
def test_times_in_any_writing(written: str, settings: dict[str, Any]) -> None:
    assert one(f"start,from,to\n{written},1,2\n", **OWN, **settings).start_ns == START


def test_fractions_are_kept() -> None:
    assert one("start,from,to\n1795306502.25,1,2\n", **OWN, time="epoch").start_ns == START + 250_000_000


def test_a_japanese_export_in_cp932_with_full_width_digits_and_two_columns_for_the_time() -> None:
    settings = OWN | {
        "encoding": "cp932", "delimiter": "\t", "start": "日付+時刻", "time": "%Y/%m/%d %H:%M:%S", "caller": "発信",
        "callee": "着信", "duration": "通話時間", "disposition": "結果", "answered": ("応答",), "channels": ("内線",),
    }  # fmt: skip
    text = "日付\t時刻\t発信\t着信\t内線\t通話時間\t結果\n"
    text += "2026/11/22\t09:15:02\t０３－１２３４－５６７８\t\t2101\t0:01:05\t応答\n"

    line = one(text.encode("cp932"), **settings)

    assert (line.start_ns, line.talk_s, line.end_ns, line.answered) == (START, 65.0, START + 65 * 10**9, True)
    assert (line.callee, line.extensions) == (None, frozenset({"2101"}))
    assert line.caller == "0312345678"


def test_columns_by_number() -> None:
    line = one("x,1795306502,+81-3-1234-5678,anonymous\n\n", preset="own", header=False, time="epoch", start="2",
               caller="3", callee="4")  # fmt: skip

    assert (line.number, line.caller, line.callee, line.answered) == (1, "0312345678", None, False)


def test_a_byte_order_mark_and_blank_lines_are_nothing() -> None:
    text = b"\xef\xbb\xbfstart,from,to\r\n\r\n,,\r\n1795306502,1,2\r\n"

    assert one(text, **OWN, time="epoch").number == 4


def test_an_empty_file_has_no_lines() -> None:
    assert read(b"\n", "cdr.csv", Cdr()) == []


@pytest.mark.parametrize(
    "text, settings, sentence",
    [
        ("start,from,to\nyesterday,1,2\n", OWN, """cdr.csv:2: the start of the call, 'yesterday', is not a time"""),
        ("start,from,to\n,1,2\n", OWN, "cdr.csv:2: the start of the call, '', is not a time"),
        ("start,from,to\n99999999999999,1,2\n", OWN | {"time": "epoch"}, "cdr.csv:2: the start of the call"),
        ("start,from,to\nnan,1,2\n", OWN | {"time": "epoch"}, "cdr.csv:2: the start of the call"),
        ("start,from,to\n1,1\n", OWN | {"time": "epoch"}, "cdr.csv:2: this line has 2 columns, and column 3"),
        ("start,from,to,len\n1,1,2,x\n", OWN | {"time": "epoch", "duration": "len"}, "cdr.csv:2: the duration of"),
        ("begin,from,to\n", OWN, "cdr.csv has no column 'start', which cdr.start names; it has: begin, from, to."),
        ("1,2,3\n", OWN | {"header": False}, "cdr.start must be the number of a column"),
        ("a,b\n1,2\n", {"preset": "own"}, "Which column of cdr.csv holds the start of a call, isn't known."),
        ('start,from,to\n"1,1,2\n', OWN, "cdr.csv:2: unexpected end of data."),
        (b"start,from,to\n1,\x93\xfa,2\n", OWN, "cdr.csv:2: this is not utf-8."),
        ("start,from,to\n2026-11-22,1,2\n", OWN | {"timezone": "Asia/Kyouto"}, "cdr.timezone is no zone"),
    ],
)
def test_what_can_not_be_read_is_one_sentence(text: str | bytes, settings: dict[str, Any], sentence: str) -> None:
    assert fault(text, **settings).startswith(sentence)
