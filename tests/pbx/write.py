"""Write the synthetic conversations as files to look at: `python -m tests.pbx.write OUTDIR [FAMILY...]`.

Each family becomes FAMILY.pcap and FAMILY.truth.json; besides, a busy hour of all of them, and the settings.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import wire
from tests.pbx import configuration
from tests.pbx.interleave import interleave
from tests.pbx.scenarios import FAMILIES, make
from tests.pbx.truth import Conversation, as_json


def write(folder: Path, names: Sequence[str], *, seed: int = 1) -> None:
    """Write the named families."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recorder.toml").write_text(configuration.toml())
    for name in names:
        conversation = make(name, random.Random(f"{seed}/{name}"))
        _write_one(folder, name, conversation.frames, [conversation])


def _write_one(folder: Path, name: str, frames: list[wire.Frame], conversations: list[Conversation]) -> None:
    wire.write_pcap(folder / f"{name}.pcap", frames)
    truth = [as_json(conversation) for conversation in conversations]
    (folder / f"{name}.truth.json").write_text(json.dumps(truth, indent=1) + "\n")


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: python -m tests.pbx.write OUTDIR [FAMILY...]", file=sys.stderr)
        return 2
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    unknown = [name for name in names if name not in FAMILIES]
    if unknown:
        print(f"there is no family {unknown[0]}", file=sys.stderr)
        return 2
    write(folder, names or list(FAMILIES))
    if not names:
        day = interleave(2 * len(FAMILIES), 1)
        _write_one(folder, "busy-hour", day.frames, day.conversations)
    print(f"{len(names) or len(FAMILIES) + 1} captures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
