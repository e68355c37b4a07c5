"""The drill: does a secret key still open recordings?"""

from __future__ import annotations

import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recorder.keys.state import DRILL
from recorder.opening import opened
from recorder.problems import Unusable
from recorder.ring.who import account
from storage.reading import open_read_only
from storage.register import Draft
from storage.ring.ring import Ring

if TYPE_CHECKING:
    from pyrage.x25519 import Identity


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a drill came to."""

    opened: bool
    sentence: str


async def drill(store: Path, secrets: Sequence[Identity], call_id: str | None, *, at_ns: int) -> Outcome:
    """Opens one sealed recording to its last sample and enters that. `Unusable` if there is none; StoreError."""
    async with await open_read_only(store) as reader:
        sealed = sorted(await reader.catalogue.sealed())
        if call_id is None and sealed:
            call_id = chance.choice(sealed)
        call = None if call_id is None else await reader.get(call_id)
        if call is None or not call.is_sealed:
            raise Unusable("There is no such sealed recording to try the key on.")
        try:
            with opened(reader, call, secrets) as recording:
                recording.check()
            outcome = Outcome(True, f"Call {call.id} opens, to its last sample.")
        except Unusable as problem:
            outcome = Outcome(False, problem.sentence)
    async with await Ring.open(store) as ring, ring.writing() as pen:
        for one in secrets:
            fields = {"call": call.id, "key": str(one.to_public()), "opened": outcome.opened}
            await pen.enter([Draft(at_ns, DRILL, account(), fields)])
    return outcome
