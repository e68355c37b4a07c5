"""recorder export --evidence --store DIR ID --output DIR_OR_ZIP [--identity FILE]"""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from recorder.cli.common import read_identities, settings_from
from recorder.evidence.export import Order, export
from recorder.evidence.gather import digest_of_settings, known_witnesses
from recorder.problems import Unusable
from recorder.ring import clock
from recorder.ring.who import account

CLOCK = {True: "時刻同期あり", False: "時刻同期なし", None: "時刻同期は不明"}


def export_evidence(
    store: Path, output: Path, ids: list[str], *, reason: str, config: Path | None, stamped: bool,
    identities: Sequence[Path] = (),
) -> None:  # fmt: skip
    """Makes the package of one call and prints where it is. `Unusable`, StoreError, OSError."""
    if len(ids) != 1:
        raise Unusable("An evidence package is of one call.", hint="Name one ID.")
    settings = settings_from(config).evidence
    url = settings.timestamp_url if stamped else ""
    order = Order(
        call=ids[0], output=output, who=account(), reason=reason,
        how=shlex.join(["recorder", *sys.argv[1:]]), at_ns=time.time_ns(), clock=CLOCK[clock.synchronised()],
        settings_sha256=digest_of_settings(config), witnesses=known_witnesses([one.key for one in settings.witnesses]),
        timestamp_url=url, timestamp_root=Path(settings.timestamp_ca_file).read_bytes() if url else b"",
        secrets=[one for file in identities for one in read_identities(file)],
    )  # fmt: skip
    made = asyncio.run(export(store, order))
    if made.proven is None:
        click.echo(
            "recorder: No checkpoint covers this call yet, so the package proves nothing against the register. "
            f"Sign it, and export again: recorder checkpoint --store {store} --keys DIR", err=True,
        )  # fmt: skip
    click.echo(str(output))
