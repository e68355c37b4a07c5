"""Open each sealed recording of a store beside itself as WAV, so that `bench.check` can look at the samples.

The opener is that of docs/opener, which shares nothing with the recorder; the keys are thrown away after a run.
"""

from __future__ import annotations

import importlib.util
import sqlite3
import wave
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RATE = 8000


class Recipients(NamedTuple):
    """Two, made for one run."""

    secret: Any  # of the first: a pyrage.x25519.Identity
    settings: str  # the lines for recorder.toml

    @classmethod
    def made(cls) -> Recipients:
        from pyrage import x25519

        both = [x25519.Identity.generate() for _ in range(2)]
        tables = [f'[[sealing.recipients]]\nname = "r{n}"\nkey = "{one.to_public()}"' for n, one in enumerate(both)]
        return cls(both[0], "\n".join(tables) + "\n")


def opened(store: Path, listing: list[dict[str, Any]], recipients: Recipients) -> list[dict[str, Any]]:
    """The same listing, its recordings WAV files now. What isn't sealed or isn't whole stays as it is, so that the
    check says so."""
    import pyrage

    spec = importlib.util.spec_from_file_location("open_sealed", ROOT / "docs" / "opener" / "open_sealed.py")
    assert spec is not None and spec.loader is not None
    opener = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(opener)
    keys: dict[str, dict[int, bytes]] = defaultdict(dict)
    with sqlite3.connect(f"file:{store}/keys.sqlite?mode=ro", uri=True) as rows:
        for call, segment, wrapped in rows.execute("select call, segment, wrapped from key"):
            keys[call][segment] = bytes(pyrage.decrypt(wrapped, [recipients.secret]))
    for call in listing:
        if (recording := call.get("recording")) is None or not recording["path"].endswith(".sealed"):
            continue
        path = store / recording["path"]
        facts, form, channels, _, samples = opener.open_recording(path.read_bytes(), keys[call["id"]])
        if facts is None or form != 1:
            continue
        recording["path"] = str(Path(recording["path"]).with_suffix(".wav"))
        with wave.open(str(path.with_suffix(".wav")), "wb") as out:
            out.setparams((channels, 2, RATE, 0, "NONE", ""))
            out.writeframes(bytes(samples))
    return listing
