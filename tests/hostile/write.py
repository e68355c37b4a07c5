"""Write the hostile captures as files, with their truth beside them: `python -m tests.hostile.write DIR [NAME...]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.hostile.cases import CASES
from tests.hostile.good import as_json


def write(folder: Path, names: Iterable[str]) -> list[Path]:
    """Write the named cases; a file is NAME.pcap or NAME.pcapng, its truth NAME.truth.json."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names:
        capture = CASES[name].build()
        path = folder / f"{name}.{capture.ending}"
        path.write_bytes(capture.data)
        truth = {"form": "hostile-truth/1", "family": CASES[name].family, "good": as_json(capture.truth)}
        (folder / f"{name}.truth.json").write_text(json.dumps(truth) + "\n")
        paths.append(path)
    return paths


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: python -m tests.hostile.write DIR [NAME...]", file=sys.stderr)
        return 2
    unknown = [name for name in sys.argv[2:] if name not in CASES]
    if unknown:
        print(f"there is no case {unknown[0]}", file=sys.stderr)
        return 2
    paths = write(Path(sys.argv[1]), sys.argv[2:] or CASES)
    print(f"{len(paths)} captures in {sys.argv[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
