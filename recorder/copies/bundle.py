"""All files of a copy, and the list of their hashes in the form that sha256sum reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from recorder.copies.content import Content, held_to, of_bytes
from recorder.copies.sheet import Sheet, document
from recorder.copies.verifier import page
from recorder.paper.html import as_html
from recorder.paper.pdf import as_pdf

SUMS = "SHA256SUMS.txt"
SHEET = "通話の内容"
VERIFIER = "確認.html"


class Bundle(NamedTuple):
    """A copy before it is packed."""

    contents: tuple[Content, ...]
    recordings: Mapping[str, str]  # names of the recordings with their SHA-256
    manifest_sha256: str  # of the list of hashes

    @property
    def size(self) -> int:
        return sum(one.size for one in self.contents)

    @property
    def code(self) -> str:
        """The beginning of the list's hash, short enough for a label and for being read out."""
        return code_of(self.manifest_sha256)


def put_together(recordings: Sequence[tuple[Content, str]], sheet: Sheet, made_at: datetime) -> Bundle:
    """A bundle of recordings, each with its SHA-256, and of what explains them."""
    paper = document(sheet, made_at)
    sums = {content.name: sha256 for content, sha256 in recordings}
    papers = (
        of_bytes(f"{SHEET}.html", as_html(paper)), of_bytes(f"{SHEET}.pdf", as_pdf(paper)),
        of_bytes(VERIFIER, page(sums, sheet.office, sheet.title)),
    )  # fmt: skip
    listed = "".join(f"{sha256} *{name}\n" for name, sha256 in [*sums.items(), *((p.name, p.sha256()) for p in papers)])
    manifest = of_bytes(SUMS, listed.encode("utf-8"))
    contents = (*(held_to(content, sha256) for content, sha256 in recordings), *papers, manifest)
    return Bundle(contents, sums, hashlib.sha256(listed.encode("utf-8")).hexdigest())


def code_of(manifest_sha256: str) -> str:
    """Four groups of four hexadecimal digits: who has a list of hashes can compare it with the label."""
    return "-".join(manifest_sha256[at : at + 4] for at in range(0, 16, 4)).upper()
