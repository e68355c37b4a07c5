"""What the demo's telephones have in common: their arguments, and when they call.

Nothing outside the standard library is needed for it.
"""

from __future__ import annotations

import argparse
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
    parser.add_argument("--calls", metavar="NUMBER", help="whom it calls, again and again; nobody")
    parser.add_argument("--first", type=float, default=5.0, help="seconds until the first call")
    parser.add_argument("--talk", type=float, default=10.0, help="seconds from dialling to hanging up")
    parser.add_argument("--pause", type=float, default=20.0, help="seconds between calls")
    return parser.parse_args()


def keep_calling(options: argparse.Namespace, dial: Callable[[str], None], hang_up: Callable[[], None]) -> None:
    """Call as the arguments say, for ever; without a number to call, only be there."""
    time.sleep(options.first)
    while True:
        if options.calls:
            dial(options.calls)
            time.sleep(options.talk)
            hang_up()
        time.sleep(options.pause)
