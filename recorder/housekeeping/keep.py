"""`recorder keep`: housekeeping beside the recorder, until it is told to stop.

One loop looks around four times a second and starts what is due; what takes long (a sweep, the nightly check) runs
beside it as a task, so that an alarm never waits for it. On SIGHUP the settings are read again; on SIGTERM what goes on
is broken off, which every sweep and check can take.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from pathlib import Path

from recorder.alarms.alarm import Alarm
from recorder.alarms.board import Event
from recorder.alarms.code import Code, Severity
from recorder.checkpoints import keeping as checkpoints
from recorder.daemon.notify import Notifier
from recorder.daemon.office import OfficeFile
from recorder.daemon.reload import read_again
from recorder.daemon.signals import Signals
from recorder.daemon.voice import Voice
from recorder.figures import read as figures
from recorder.figures.values import Figures
from recorder.housekeeping import (
    capture,
    disk,
    keys,
    memory,
    metrics,
    nightly,
    office,
    publish,
    room,
    store,
    sweeping,
    timetable,
)
from recorder.housekeeping.alone import Alone
from recorder.housekeeping.events import Events
from recorder.housekeeping.server import Server
from recorder.problems import Unusable
from recorder.ring import clock
from recorder.sentences import Kind, Sentence
from recorder.settings import Settings, load_anyway
from storage import meta
from storage.disk import Disk
from storage.errors import StoreError
from storage.layout import day_of
from storage.share import call_of

TURN_S = 0.25
LEVELS = {Severity.CRITICAL: 2, Severity.WARNING: 4, Severity.NOTICE: 5}  # syslog's
FRUITLESS_S = 60.0  # after a sweep that made no room
CLOCK_CODES = frozenset({Code.CLOCK_NOT_SYNCHRONISED})


class Housekeeping:
    """What runs: made by `run`."""

    def __init__(self, settings: Settings, path: str, config: Path | None, signals: Signals) -> None:
        self._settings, self._config, self._signals = settings, config, signals
        self._office = OfficeFile(settings.desk.changes)
        self._store = path
        self._disk = Disk()
        self._alone = Alone(path, self._disk)
        self._alone.take()
        self._notifier, self._voice = Notifier(), Voice("recorder-keeper")
        self._memory, told = memory.read(path, self._disk)
        for one in self._memory.alarms.board.standing.values():
            one.found_ns = time.time_ns()  # they get the time to be found again
        self._stood = frozenset(self._memory.alarms.board.standing)  # from before this start
        self._watch, self._disk_watch = capture.CaptureWatch(), disk.DiskWatch(path, self._disk)
        self._checkpoints = checkpoints.Checkpoints(path, settings.evidence, settings.status.folder)
        self._events = Events()
        self._unsaved = True
        self._swept_ns: int | None = None  # when that was last tried
        self._is_sweeping = False
        self._server = Server(lambda: metrics.as_text(self.figures, self.disk, self.alarms()), self.alarms)
        self._room_s = 0.0  # not before that is room made again
        self._jobs: dict[str, tuple[float, Callable[[], Awaitable[None]]]] = {
            "place": (1.0, self._take_place),
            "capture": (1.0, self._look_at_capture),
            "disk": (3.0, self._look_at_disk),
            "disk answer": (1.0, self._look_at_answer),
            "clock": (60.0, self._look_at_clock),
            "room": (5.0, self._make_room),
            "sweep": (10.0, self._sweep_if_due),
            "check": (60.0, self._check_if_due),
            "store": (3600.0, self._look_at_store),
            "office": (10.0, self._look_at_office),
            "enter": (1.0, self._enter),
            "checkpoint": (5.0, self._make_checkpoint),
            "publish": (5.0, self._publish),
            "save": (1.0, self._save),
        }
        self._due_s = dict.fromkeys(self._jobs, 0.0)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._say([told] if told else [])

    @property
    def figures(self) -> Figures | None:
        """Those of the recorder at work on this store."""
        found = figures.read(self._settings.status.live)
        return found if found is not None and found.store == self._store else None

    def alarms(self) -> list[Alarm]:
        """Those that stand, the worst first."""
        return self._memory.alarms.board.alarms()

    @property
    def disk(self) -> disk.Look | None:
        """How the disk was when it was last asked."""
        return self._disk_watch.latest

    async def once(self) -> list[Alarm]:
        """Everything that doesn't take a night, once."""
        self._disk_watch.ask(time.monotonic())
        await asyncio.sleep(TURN_S)
        await self._look_at_answer()
        await self._sweep()
        await self._look_at_store()
        await self._make_checkpoint()
        await self._publish()
        await self._save()
        return self.alarms()

    async def run(self) -> None:
        """Until a signal says so."""
        answers = await self._server.open(self._settings.status.listen, self._settings.status.folder)
        ready = f"ready: keeping {self._store}" + (f", answering on {answers}" if answers else "")
        self._say([Sentence(ready, Kind.READY)])
        self._notifier.tell(READY=1, STATUS=ready)
        while not self._signals.stopping:
            if self._signals.reload_wanted() or self._office.changed(time.monotonic()):
                read_again(self._config, self._adopt, self._notifier, self._say)
            await self._start_what_is_due(time.monotonic())
            self._notifier.alive(time.monotonic())
            await asyncio.sleep(TURN_S)
        self._notifier.tell(STOPPING=1)
        await self._server.close()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._save()
        await self._events.enter(self._store)
        self._notifier.close()

    async def _start_what_is_due(self, now_s: float) -> None:
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                task.result()  # a fault of ours ends the program, and systemd starts it again
        for name, (every_s, job) in self._jobs.items():
            if now_s >= self._due_s[name] and name not in self._tasks:
                self._due_s[name] = now_s + every_s
                self._tasks[name] = asyncio.create_task(_as_task(job), name=name)

    # --- jobs -----------------------------------------------------------------------------------------------

    async def _take_place(self) -> None:
        self._alone.take()

    async def _look_at_capture(self) -> None:
        answer = self._disk_watch.latest
        found = self._watch.look(
            self.figures, is_written_to=answer is not None and answer.is_written_to, now_s=time.monotonic(),
            standing=self._stood,
        )  # fmt: skip
        self._found(found, capture.LOOKED_FOR)

    async def _look_at_disk(self) -> None:
        self._disk_watch.ask(time.monotonic())

    async def _look_at_clock(self) -> None:
        synchronised = await asyncio.to_thread(clock.synchronised)
        if synchronised is not None:
            self._found([] if synchronised else [Alarm(Code.CLOCK_NOT_SYNCHRONISED)], CLOCK_CODES)

    async def _look_at_answer(self) -> None:
        found = self._disk_watch.alarms(time.monotonic())
        if found is not None:
            self._found(found, disk.LOOKED_FOR)

    async def _make_room(self) -> None:
        if time.monotonic() < self._room_s:
            return
        began_s = time.monotonic()
        try:
            is_needed = await room.is_needed(self._store)
        except (StoreError, Unusable, OSError):
            return  # the disk's watch, and the next sweep, say what is wrong
        if not is_needed:
            return
        result = await self._sweep()
        now_s = time.monotonic()
        made_room = result is not None and result.erased + result.moved > 0
        self._room_s = now_s + (5 * (now_s - began_s) if made_room else FRUITLESS_S)

    async def _sweep_if_due(self) -> None:
        if timetable.is_sweep_due(time.time_ns(), self._swept_ns, self._settings.ring.erase_hour):
            await self._sweep()
            self._due_s["store"] = 0.0

    async def _sweep(self) -> sweeping.Result | None:
        """None while another one goes on."""
        if self._is_sweeping:
            return None
        self._is_sweeping = True
        now_ns = self._swept_ns = time.time_ns()
        try:
            synchronised = await asyncio.to_thread(clock.is_synchronised)
            result = await sweeping.sweep_now(
                self._store, now_ns=now_ns, synchronised=synchronised, backup_days=self._settings.sealing.backup_days
            )
        finally:
            self._is_sweeping = False
        self._found(result.alarms, sweeping.LOOKED_FOR)
        if result.erased or result.moved:
            self._say([Sentence(str(result), Kind.SWEPT)])
        return result

    async def _check_if_due(self) -> None:
        now_ns = time.time_ns()
        if not timetable.is_check_due(now_ns, self._memory.checked_day):
            return
        share = timetable.share_of_the_night(now_ns, nightly.SHARES)
        outside = self._checkpoints.outside()
        checked = await nightly.check(self._store, share=share, also=self._memory.damaged, outside=outside)
        found = [
            Sentence(f"{one.kind}: {one.text}", Kind.FOUND_DAMAGED, CALL=call_of(one), REASON=one.kind)
            for one in checked.findings
        ]
        self._say(found, level=LEVELS[Severity.CRITICAL])
        if checked.fault:
            self._say([f"The nightly check broke off: {checked.fault}"], level=LEVELS[Severity.WARNING])
            return  # the next minute tries again, as long as it is night
        self._found(checked.alarms(self._store), nightly.LOOKED_FOR)
        self._memory.checked_day, self._memory.damaged = day_of(now_ns), checked.calls
        self._unsaved = True
        self._events.note_check(now_ns, share + 1, nightly.SHARES, checked.findings)
        told = f"Checked: everything's presence, and share {share + 1} of {nightly.SHARES} byte by byte."
        self._say([Sentence(told, Kind.CHECKED)])

    async def _look_at_store(self) -> None:
        found = await store.alarms(self._store, time.time_ns())
        if found is not None:
            self._found(found, store.LOOKED_FOR)
        found = await keys.alarms(self._store, self._settings.sealing, time.time_ns())
        if found is not None:
            self._found(found, keys.LOOKED_FOR)

    async def _look_at_office(self) -> None:
        if self._config is not None:
            self._found(await asyncio.to_thread(office.alarms, self._config), office.LOOKED_FOR)

    async def _enter(self) -> None:
        self._events.look_at_clock(time.time_ns(), time.monotonic_ns())
        await self._events.enter(self._store)

    async def _make_checkpoint(self) -> None:
        self._found(await self._checkpoints.turn(time.time_ns()), checkpoints.LOOKED_FOR)

    async def _publish(self) -> None:
        folder = self._settings.status.folder
        if folder.is_dir():
            try:
                publish.write(folder, self._memory.alarms, store=self._store, at_ns=time.time_ns())
            except OSError as problem:
                self._say([f"Alarms can't be published in {folder}: {problem.strerror}."])

    async def _save(self) -> None:
        if self._unsaved:
            self._unsaved = False
            data = memory.as_bytes(self._memory)
            try:
                await asyncio.to_thread(memory.write, self._store, data, self._disk)
            except OSError:
                self._unsaved = True  # the disk is full or the like, which is told; the next look tries again

    # --- in detail ------------------------------------------------------------------------------------------

    def _found(self, alarms: Iterable[Alarm], about: Collection[Code]) -> None:
        """What changes goes to the journal at once, and to whoever tells it."""
        events = self._memory.alarms.board.look(time.time_ns(), alarms, about)
        self._events.note_alarms(events)
        for event in events:
            self._say([_sentence(event)], level=LEVELS[event.alarm.severity] if event.kind == "raised" else 5)
        if events:
            self._unsaved = True
            self._due_s["publish"] = 0.0

    def _adopt(self, settings: Settings) -> list[str]:
        if settings.desk.changes != self._settings.desk.changes:
            self._office = OfficeFile(settings.desk.changes)
        self._settings = settings
        self._checkpoints = checkpoints.Checkpoints(self._store, settings.evidence, settings.status.folder)
        return [Sentence("The settings were read again.", Kind.SETTINGS_READ)]

    def _say(self, sentences: Iterable[str], *, level: int | None = None) -> None:
        self._voice.say(sentences, time.monotonic(), level=level)


def _sentence(event: Event) -> Sentence:
    alarm = event.alarm
    if event.kind == "cleared":
        text, kind = f"Alarm cleared: {alarm.code}{f' of {alarm.about}' if alarm.about else ''}.", Kind.ALARM_CLEARED
    else:
        text, kind = f"Alarm: {alarm.meaning('en')} {alarm.remedy('en')} [{alarm.code}]", Kind.ALARM_RAISED
    more = {name.upper(): str(alarm.values.get(name, "")) for name in ("interface", "reason")}
    return Sentence(text, kind, CODE=alarm.code.value, SEVERITY=alarm.severity.value, **more)


async def _as_task(job: Callable[[], Awaitable[None]]) -> None:
    await job()


def run(config: Path | None, path: Path | None, *, once: bool) -> list[Alarm]:
    """Keep house until SIGTERM or SIGINT, or once; the alarms that stand then. Raises `Unusable`, and with
    `once` `StoreError`."""
    settings = load_anyway(config)[0] if config is not None else Settings()
    folder = os.path.abspath(path or settings.recording.store)
    with Signals() as signals:
        keeper = Housekeeping(settings, folder, config, signals)
        if once:
            if meta.read(folder, Disk()) is None:
                raise meta.no_store(folder)
            return asyncio.run(keeper.once())
        asyncio.run(keeper.run())
        return keeper.alarms()
