"""What a person, or a program, reads out of a form's three files."""

from __future__ import annotations

import io
import subprocess
from datetime import date, time
from html.parser import HTMLParser
from pathlib import Path

import docx
from docx.table import Table

from recorder.forms import Agency, Call, Copy, Facts, Identity, Paper, Person, Row
from recorder.paper.document import Grid, Line, Stamps, Title
from tests.packages import require

CALL = Call(
    day=date(2026, 11, 20), time=time(14, 5), end_day=date(2026, 11, 20), end_time=time(14, 9), seconds=200.0,
    number="0963282111", own_number="27012", extension="2201",
)  # fmt: skip
FACTS = Facts(
    case=120, document="税発第12号", document_on=date(2026, 11, 22), asked_document="税発第11号",
    asked_on=date(2026, 11, 19), applicant=Person(section="税務課", post="課長", name="山田 太郎"),
    in_charge=Person(section="財政局税務課", name="鈴木 花子"), contractor=Person(section="丸丸株式会社"),
    recipient=Person(section="税務課", post="課長", name="山田 太郎"), calls=(CALL,), ground="disclosure",
    ground_title="開示請求に対応する場合", article="第5条第1号", choice="対応内容確認", purpose="事実の確認",
    remarks="特になし", outcome="granted", is_stored=True, medium="dvd_r", instructed="音声データ1部",
    due_on=date(2026, 11, 30), handed_on=date(2026, 11, 24), handed_how="by_hand", are_accepted=True,
    ended_on=date(2026, 12, 1), ended_how="crushed", operator=Person(section="管財課", post="主事", name="佐藤 次郎"),
    copies=(Copy(number=131, medium="dvd_r", sha256="9f86d081" * 8, until=date(2028, 3, 31), rule="翌年度末まで"),),
    agency=Agency(name="県警察本部", document="刑捜第123号", called="0236260110", was_confirmed=True),
    identity=Identity(means=("driving_licence", "passport"), is_agent=False, is_identified=True),
    rows=(Row(number="1", on=date(2026, 11, 19), applicant="税務課長", ended="令和8年12月1日 破砕"),),
)  # fmt: skip


def squeezed(text: str) -> str:
    """Without spaces and line breaks: where lines break is each file's own affair."""
    return "".join(text.split())


def said_by(paper: Paper) -> str:
    """All that the paper says, from top to bottom."""
    found = []
    for block in paper.blocks:
        match block:
            case Title():
                found.append(block.text)
            case Line():
                found.extend(span.text for span in block.spans)
            case Grid():
                found.extend(span.text for row in block.rows for cell in row for span in cell.spans)
            case Stamps():
                found.extend(block.names)
            case _:
                raise AssertionError(f"a form has no {block}")
    return "".join(found)


def ringed(paper: Paper) -> list[str]:
    """What has a ring round it."""
    spans = [span for block in paper.blocks if isinstance(block, Line) for span in block.spans]
    spans += [
        span for block in paper.blocks if isinstance(block, Grid) for row in block.rows for cell in row
        for span in cell.spans
    ]  # fmt: skip
    return [span.text for span in spans if span.is_ringed]


class _Body(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self._is_body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_body = self._is_body or tag == "body"
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self._is_body:
            self.said.append(data)


def html_says(page: bytes) -> str:
    parser = _Body()
    parser.feed(page.decode())
    return "".join(parser.said)


def html_tags(page: bytes) -> set[str]:
    parser = _Body()
    parser.feed(page.decode())
    return set(parser.tags)


def docx_says(data: bytes) -> str:
    """The paragraphs, and each field of a table once, in their order."""
    found = []
    for one in docx.Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(one, Table):
            seen = set()
            for row in one.rows:
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.add(cell._tc)
                        found.append(cell.text)
        else:
            found.append(one.text)
    return "".join(found)


def pdf_says(data: bytes, folder: Path) -> str:
    program = require("pdftotext")
    (folder / "form.pdf").write_bytes(data)
    command = [program, "-layout", str(folder / "form.pdf"), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
