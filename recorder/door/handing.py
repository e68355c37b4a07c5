"""Hands out a table or a paper as a file: 1 it is written, into a file without a name · 2 what is handed out is
entered, with its SHA-256 · 3 the bytes go. No entry, no byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from recorder.dates import at
from recorder.door.operations import Audio, Caller
from recorder.door.refusals import Refused, Why
from recorder.forms import Paper, as_docx, as_html, as_pdf
from recorder.tables import ENDINGS, TYPES, Form, Table, TooLong, writer
from recorder.tables.html import policy_of
from recorder.tables.table import Row

if TYPE_CHECKING:
    from recorder.door.door import Door

PaperForm = Literal["html", "pdf", "docx"]
WRITERS: dict[PaperForm, Callable[[Paper], bytes]] = {"html": as_html, "pdf": as_pdf, "docx": as_docx}
PAPER_TYPES: dict[PaperForm, str] = {
    "html": "text/html; charset=utf-8", "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
EXPORTED = "register_exported"
_AT_ONCE = 256 * 1024
_WAIT_S = "60"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """What was written."""

    sha256: str
    rows: int
    replaced: int  # characters that the form can't have


async def hand_out(
    door: Door, caller: Caller, table: Table, form: Form, batches: AsyncIterator[list[Row]],
    fields: Callable[[HandedOut], Mapping[str, Any]] | None,
) -> Audio:  # fmt: skip
    """The table's file for this caller; `fields` says what the entry `register_exported` has, after all was written
    (None: what is about nobody isn't entered). `Refused` if another is being written, if there are too many rows, or
    if it can't be entered."""
    if door.exporting.locked():
        raise Refused(Why.WAIT, detail=_WAIT_S)
    file: IO[bytes] = tempfile.TemporaryFile()  # closed by whoever sends it
    try:
        async with door.exporting:
            done = await _write(file, table, form, batches)
        if fields is not None:
            await door.enter(caller, EXPORTED, {"form": form, **fields(done), "sha256": done.sha256})
        headers = await asyncio.to_thread(_headers, file, form, name_of(table.title, form, caller.now_ns))
    except BaseException:
        file.close()
        raise
    return Audio(headers=headers, chunks=_chunks(file))


async def hand_out_paper(
    door: Door, caller: Caller, paper: Paper, form: PaperForm, rows: int,
    fields: Callable[[HandedOut], Mapping[str, Any]],
) -> Audio:  # fmt: skip
    """The same for a paper, which is small."""
    data = await asyncio.to_thread(WRITERS[form], paper)
    sha256 = hashlib.sha256(data).hexdigest()
    done = HandedOut(sha256=sha256, rows=rows, replaced=0)
    await door.enter(caller, EXPORTED, {"form": form, **fields(done), "sha256": sha256})
    return as_given(data, form, paper.title, caller.now_ns)


async def give_paper(paper: Paper, form: PaperForm, title: str, now_ns: int) -> Audio:
    """A paper that isn't entered: it says nothing that isn't in the register already, or of nobody."""
    return as_given(await asyncio.to_thread(WRITERS[form], paper), form, title, now_ns)


def as_given(data: bytes, form: PaperForm, title: str, now_ns: int) -> Audio:
    """A paper's bytes, on their way."""
    name = f"{title}_{at(now_ns):%Y%m%d}.{form}"
    headers = {
        "Content-Type": PAPER_TYPES[form], "Content-Length": str(len(data)),
        "Content-Disposition": disposition(name, is_shown=form == "html"),
    }  # fmt: skip
    if form == "html":
        headers["Content-Security-Policy"] = policy_of(data)

    async def all_of_it() -> AsyncIterator[bytes]:
        yield data

    return Audio(headers=headers, chunks=all_of_it())


def name_of(title: str, form: Form, now_ns: int) -> str:
    """The file's name: what it is, and of which day."""
    return f"{title}_{at(now_ns):%Y%m%d}.{ENDINGS[form]}"


def disposition(name: str, *, is_shown: bool = False) -> str:
    """Content-Disposition (RFC 6266, RFC 8187), for any name."""
    return f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"


async def _write(file: IO[bytes], table: Table, form: Form, batches: AsyncIterator[list[Row]]) -> HandedOut:
    rows = 0
    made = await asyncio.to_thread(writer, form, table, file)  # type: ignore[arg-type]
    try:
        async for batch in batches:
            rows += len(batch)
            await asyncio.to_thread(made.add, batch)
        await asyncio.to_thread(made.complete)
    except TooLong as error:
        raise Refused(Why.NOT_UNDERSTOOD, field="rows", detail=f"{error.most:,}") from None
    return HandedOut(sha256=await asyncio.to_thread(_sha256, file), rows=rows, replaced=made.replaced)


def _sha256(file: IO[bytes]) -> str:
    file.flush()
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _headers(file: IO[bytes], form: Form, name: str) -> dict[str, str]:
    size = file.seek(0, 2)
    headers = {
        "Content-Type": TYPES[form], "Content-Length": str(size),
        "Content-Disposition": disposition(name, is_shown=form == "html"),
    }  # fmt: skip
    file.seek(0)
    if form == "html":
        headers["Content-Security-Policy"] = policy_of(file.read(64 * 1024))
        file.seek(0)
    return headers


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while chunk := await asyncio.to_thread(file.read, _AT_ONCE):
            yield chunk
    finally:
        file.close()
