"""Makes a demonstration's desk show a recorder at work, though none is: the figures and alarms that it would tell."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from recorder.alarms.alarm import Alarm
from recorder.alarms.notes import NamedBoard
from recorder.figures.publish import FigureFile
from recorder.figures.values import CallFigures, Figures, InterfaceFigures
from recorder.housekeeping import publish as board_of
from recorder.settings.models import Status

EVERY_S = 2.0


def publish(status: Status, store: Path, now_ns: int, alarms: Sequence[Alarm] = ()) -> None:
    """What a recorder and its housekeeping say at this moment. OSError."""
    calls = CallFigures(going_on=3, talking=2, long_enough=2, by_direction={"inbound": 2, "outbound": 1})
    line = InterfaceFigures(name="mirror0", state="up", frames=1_284_000, dropped=0, last_frame_ns=now_ns)
    FigureFile(status.live).put(Figures(
        at_ns=now_ns, started_ns=now_ns - 20 * 86_400 * 10**9, pid=os.getpid(), store=str(store), calls=calls,
        entered=8123, recordings=6400, late_s=0.0, waiting_bytes=0, shed_bytes=0, interfaces=(line,),
        counts={"sip_messages": 62_100},
    ))  # fmt: skip
    named = NamedBoard()
    named.board.look(now_ns, alarms, about={one.code for one in alarms})
    board_of.write(status.folder, named, store=str(store), at_ns=now_ns)


async def keep_on(status: Status, store: Path) -> None:
    """Until it is cancelled."""
    while True:
        publish(status, store, time.time_ns())
        await asyncio.sleep(EVERY_S)
