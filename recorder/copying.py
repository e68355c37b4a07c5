"""No copy without an entry in the register: who wanted it, of which call, and when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recorder.problems import Unusable
from storage.errors import StoreError
from storage.records import CallRecord
from storage.register import Draft
from storage.ring.ring import Ring

COPY = "copy"


async def enter_copies(
    store: Path, calls: Sequence[CallRecord], *, who: str, reason: str, at_ns: int, form: str = "wav",
    manifest_sha256: str | None = None,
) -> list[int]:  # fmt: skip
    """Enters a `copy` for each call, before it is made; the numbers of the entries. An evidence package is named by the
    hash of its manifest. `Unusable` if the register can't be written: then nothing may be copied."""
    drafts = []
    for call in calls:
        fields: dict[str, object] = {"call": call.id, "form": form}
        if reason:
            fields["reason"] = reason
        if manifest_sha256 is not None:
            fields["manifest_sha256"] = manifest_sha256
        drafts.append(Draft(at_ns, COPY, who, fields))
    try:
        async with await Ring.open(store) as ring, ring.writing() as pen:
            return [entry.number for entry in await pen.enter(drafts)]
    except StoreError as problem:
        raise Unusable(
            f"Nothing was copied, since the register can't say so: {problem}", hint=problem.hint
        ) from problem
