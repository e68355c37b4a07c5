"""What the demo's telephones have in common: their arguments, and when they call.

Nothing outside the standard library is needed for it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path


def arguments(description: str) -> argparse.Namespace:
    """The command line of a telephone."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--number", required=True, help="its extension, such as 2101")
    parser.add_argument("--address", required=True, help="its own IPv4 address")
    parser.add_argument("--exchange", required=True, help="where it registers")
    parser.add_argument("--speech", required=True, type=Path, help="WAV of 8 kHz, mono: what it says in each call")
    parser.add_argument(
        "--call", metavar="NUMBER@SECOND", action="append", default=[],
        help="whom it calls, and how long after its start; as often as wanted",
    )  # fmt: skip
    parser.add_argument("--talk", type=float, default=6.0, help="seconds from dialling to hanging up")
    parser.add_argument("--every", type=float, default=60.0, help="seconds until all calls are made again")
    return parser.parse_args()


def keep_calling(options: argparse.Namespace, dial: Callable[[str], None], hang_up: Callable[[], None]) -> None:
    """Call as the arguments say, round after round; without anybody to call, only be there."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what the caller does at its end is done
    plan = sorted((float(second), number) for number, _, second in (text.partition("@") for text in options.call))
    began = time.monotonic()
    while True:
        for second, number in plan:
            time.sleep(max(0.0, began + second - time.monotonic()))
            dial(number)
            time.sleep(options.talk)
            hang_up()
        began += options.every
        time.sleep(max(0.0, began - time.monotonic()))
