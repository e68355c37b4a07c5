"""`recorder tell`: takes what the housekeeping publishes, and tells it on each channel, until it is told to stop.

Each channel is a task of its own: one that hangs holds no other up. What couldn't be told is tried again, sooner at
first, then every quarter of an hour. What was told is written down after each delivery, so that a restart repeats
nothing; only a crash between a delivery and that line does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recorder.alarms.code import Severity
from recorder.alarms.notes import NamedBoard
from recorder.checkpoints import courier
from recorder.daemon.notify import Notifier
from recorder.daemon.reload import read_again
from recorder.daemon.signals import Signals
from recorder.daemon.voice import Voice
from recorder.housekeeping import publish
from recorder.sentences import Kind, Sentence
from recorder.settings import Settings, load_anyway
from recorder.telling.channel import Channel, NotSent
from recorder.telling.mail import Mail
from recorder.telling.pending import Patience, Told, pending
from recorder.telling.syslog import Syslog
from recorder.telling.webhook import Webhook

TURN_S = 1.0


def channels(settings: Settings, host: str) -> list[Channel]:
    """Those that the settings name."""
    of = settings.tell
    found: list[Channel] = []
    if of.mail_to:
        found.append(Mail(of, host))
    if of.webhook_url:
        found.append(Webhook(of, host))
    if of.syslog_server:
        found.append(Syslog(of, host))
    return found


class Teller:
    """What runs: made by `run`."""

    def __init__(self, settings: Settings, signals: Signals, config: Path | None) -> None:
        self._settings, self._signals, self._config = settings, signals, config
        self._host = socket.gethostname()
        self._voice, self._notifier = Voice("recorder-teller"), Notifier()
        self._told = _read(settings.tell.told)
        self._channels = channels(settings, self._host)
        self._patience = {one.name: Patience() for one in self._channels}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._carried = 0  # the keeper's outbox of that number

    async def run(self) -> None:
        """Until a signal says so."""
        names = ", ".join(one.name for one in self._channels)
        ready = f"ready: telling by {names}" if names else "ready: nobody is named in [tell]"
        self._say([Sentence(ready, Kind.READY)])
        self._notifier.tell(READY=1, STATUS=ready)
        while not self._signals.stopping:
            if self._signals.reload_wanted():
                read_again(self._config, self._adopt, self._notifier, self._say)
            self._turn()
            self._notifier.alive(time.monotonic())
            await asyncio.sleep(TURN_S)
        self._notifier.tell(STOPPING=1)
        for task in self._tasks.values():
            task.cancel()
        self._notifier.close()

    async def _carry(self, outbox: dict[str, Any]) -> None:
        """See recorder.checkpoints.courier."""
        answers: dict[str, Any] = {}

        def work() -> None:
            answers.update(courier.carry(outbox))

        await _in_thread(work)
        try:
            courier.write(self._settings.evidence.answers, answers)
        except OSError as problem:
            self._say([f"{self._settings.evidence.answers} can't be written: {problem.strerror}."])
        for channel in self._channels:
            if isinstance(channel, Syslog) and outbox.get("syslog"):
                try:
                    await _in_thread(lambda channel=channel: channel.send_text(str(outbox["syslog"])))  # type: ignore[misc]
                except NotSent as problem:
                    self._say([f"A checkpoint could not be told by syslog: {problem}."])

    def _turn(self) -> None:
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                task.result()
        outbox = courier.read(self._settings.status.folder / courier.OUTBOX)
        if outbox.get("number", 0) != self._carried and "checkpoints" not in self._tasks:
            self._carried = outbox.get("number", 0)
            self._tasks["checkpoints"] = asyncio.create_task(self._carry(outbox))
        self._turn_alarms()

    def _turn_alarms(self) -> None:
        published = publish.read(self._settings.status.folder)
        if published is None:
            return
        board = published[0]
        if board.name != self._told.board:
            self._begin_anew(board)
        for channel in self._channels:
            if channel.name not in self._tasks and self._patience[channel.name].is_over(time.monotonic()):
                if pending(board, self._told, channel.name, Severity(self._settings.tell.least)):
                    self._tasks[channel.name] = asyncio.create_task(self._tell(channel, board))

    async def _tell(self, channel: Channel, board: NamedBoard) -> None:
        waiting = pending(board, self._told, channel.name, Severity(self._settings.tell.least))
        for start in range(0, len(waiting), channel.at_once):
            some = waiting[start : start + channel.at_once]
            try:
                await _in_thread(lambda some=some: channel.send(some))  # type: ignore[misc]
            except NotSent as problem:
                wait_s = self._patience[channel.name].failed(time.monotonic())
                told = f"An alarm could not be told by {channel.name}: {problem}. Next try in {wait_s:.0f} s."
                self._say([Sentence(told, Kind.NOT_TOLD, CHANNEL=channel.name)])
                return
            self._patience[channel.name].succeeded()
            self._remember(channel.name, board, some[-1].number)

    def _remember(self, name: str, board: NamedBoard, number: int) -> None:
        if self._told.board != board.name:
            return  # another store, meanwhile
        self._told.last[name] = number
        self._write()

    def _begin_anew(self, board: NamedBoard) -> None:
        """Another board: its numbers mean something else, and what stands there is told, but nothing that is over."""
        names = [] if board.board.standing else [one.name for one in self._channels]
        self._told = Told(board.name, dict.fromkeys(names, board.board.last))

    def _write(self) -> None:
        path = self._settings.tell.told
        new = path.with_name(f"{path.name}.new")
        try:
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w") as file:
                json.dump(self._told.to_dict(), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except OSError as problem:
            self._say([f"{path} can't be written: {problem.strerror}. After a restart, alarms are told again."])

    def _adopt(self, settings: Settings) -> list[str]:
        self._settings, self._channels = settings, channels(settings, self._host)
        self._patience = {one.name: Patience() for one in self._channels}
        return [Sentence("The settings were read again.", Kind.SETTINGS_READ)]

    def _say(self, sentences: Sequence[str]) -> None:
        self._voice.say(sentences, time.monotonic())


async def _in_thread(act: Callable[[], None]) -> None:
    """Runs beside the loop, in a thread that the process can end without: a server may never answer."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def work() -> None:
        problem: BaseException | None = None
        try:
            act()
        except BaseException as error:
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(_settle, done, problem)

    threading.Thread(target=work, name="channel", daemon=True).start()
    await done


def _settle(done: asyncio.Future[None], problem: BaseException | None) -> None:
    if done.cancelled():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)


def _read(path: Path) -> Told:
    """What was told. A file that can't be read costs a repeated message, and nothing else."""
    try:
        return Told.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return Told()


def run(config: Path | None) -> None:
    """Tell until SIGTERM or SIGINT. Raises `Unusable`."""
    settings = load_anyway(config)[0] if config is not None else Settings()
    with Signals() as signals:
        asyncio.run(Teller(settings, signals, config).run())
