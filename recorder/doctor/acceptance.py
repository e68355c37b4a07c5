"""検収報告書: that a mirror port shows what the recorder needs, as the office accepts it from whoever set it up.

    document(Acceptance(...))      the paper (recorder.paper), for a PDF
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recorder.dates import at, japanese_day, japanese_time
from recorder.doctor.checks import Check, Result
from recorder.doctor.findings import Finding, Severity
from recorder.paper.document import Block, Document, Fields, Heading, Paragraph, Signatures, Table

TITLE = "検収報告書"
SUBTITLE = "通話録音装置　電話回線の写し（ミラーポート）の確認"
NAMES = ("受注者（設置した者）", "検収者")
RESULTS = {Result.PASSED: "適", Result.DOUBTFUL: "注意", Result.FAILED: "否", Result.OPEN: "未確認"}
VERDICTS = {
    Result.PASSED: "すべての項目が適合した。",
    Result.OPEN: "不適合はないが、確かめられなかった項目がある。",
    Result.DOUBTFUL: "不適合はないが、注意を要する項目がある。",
    Result.FAILED: "不適合の項目がある。下の処置の後、もう一度確かめること。",
}
NOTE = (
    "この報告書は、期間中に実際に流れた通話から録音装置が数えた事実を示します。電話番号と通話の内容は含みません。"
    "「未確認」は、その項目を判断できる通話や情報がなかったことを示し、適合を意味しません。"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What the paper says. Times are nanoseconds since 1970."""

    office: str  # "" if the settings name none
    machine: str  # its name in the network
    software: str  # name and version
    looked_at: str  # the interfaces, or the name of a capture file
    begun_ns: int
    ended_ns: int
    made_ns: int
    counted_ns: int = 0  # since when frames, messages and losses are counted, if not since `begun_ns`
    checks: tuple[Check, ...]

    @property
    def result(self) -> Result:
        """That of the whole: the worst of its points."""
        order = (Result.FAILED, Result.DOUBTFUL, Result.OPEN)
        return next((one for one in order if any(check.result is one for check in self.checks)), Result.PASSED)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be mended, in the order of the points."""
        return tuple(
            one for check in self.checks for one in check.findings if one.severity is not Severity.NOTE
        )  # fmt: skip


def fields(of: Acceptance) -> tuple[tuple[str, str], ...]:
    """What was looked at, when and where."""
    since = (("件数の起点", f"フレーム、SIP、取りこぼし、断片は {japanese_time(of.counted_ns)} からの数"),)
    return (
        ("設置場所（庁）", of.office or "　"),
        ("装置", f"{of.machine}（{of.software}）"),
        ("確認した入力", of.looked_at or "　"),
        ("確認した期間", f"{japanese_time(of.begun_ns)} から {japanese_time(of.ended_ns)} まで"),
        *(since if of.counted_ns else ()),
    )


def document(of: Acceptance) -> Document:
    """The paper."""
    return Document(
        title=TITLE,
        subtitle=SUBTITLE,
        number=f"第　　　　号\n{japanese_day(at(of.made_ns).date())}",
        foot=f"{of.software}　／　{of.machine}",
        made_at=at(of.made_ns),
        blocks=(
            Heading("1　対象"),
            Fields(fields(of)),
            Heading("2　確認した項目"),
            Table(
                ("番号", "項目", "確認した事実", "結果"),
                tuple(
                    (str(number), one.title("ja"), one.facts("ja"), RESULTS[one.result])
                    for number, one in enumerate(of.checks, 1)
                ),
                (7, 33, 47, 13),
            ),
            Heading("3　判定"),
            Paragraph(VERDICTS[of.result]),
            *_to_mend(of.findings),
            Paragraph(NOTE, small=True),
            Heading("4　確認者"),
            Signatures(NAMES),
        ),
    )  # fmt: skip


def _to_mend(findings: Sequence[Finding]) -> tuple[Block, ...]:
    if not findings:
        return ()
    rows = tuple((one.meaning("ja"), one.remedy("ja")) for one in findings)
    return (Table(("指摘", "処置"), rows, (50, 50)),)
