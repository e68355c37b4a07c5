"""Takes inbound calls from the recorder, and does for each what the settings say, within its time.

Whatever fails, or takes too long, is counted by its reason, kept with the call, and told once until it works again. A
call is never held up: it has long gone on.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx

from capture.counters import Counters
from recorder.announcement.choice import Choice
from recorder.announcement.prompts import Prompt
from recorder.announcement.secret import password
from recorder.announcement.writer import STATUS_S, Writer
from recorder.daemon.notify import Notifier
from recorder.daemon.voice import Voice
from recorder.hook.asterisk import Ami, Ari
from recorder.hook.fault import HookFault
from recorder.hook.freeswitch import Esl
from recorder.hook.inbound import LARGEST, Inbound, listen, parse
from recorder.hook.others import Command, Http
from recorder.problems import Unusable
from recorder.settings import Settings
from recorder.settings.announcing import Hook as HookSettings
from storage.announcements import AnnouncementBook, AnnouncementRecord

CLOSE_S = 5.0


class Act(Protocol):
    """What is done for a call. Raises `HookFault`, `OSError`, `httpx.HTTPError`, or takes too long."""

    async def __call__(self, call: Inbound) -> None: ...

    async def close(self) -> None: ...


class Hook:
    """Does `act` for each call. `choice` says for which lines there is no notice; `keep` takes what came of each."""

    def __init__(
        self, settings: Settings, act: Act, choice: Choice, keep: Callable[[AnnouncementRecord], None],
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._of = settings.hook
        self._act, self._choice, self._keep, self._say = act, choice, keep, say
        self._tasks: set[asyncio.Task[None]] = set()
        self._failing = ""
        self.counters = Counters()

    def take(self, data: bytes) -> None:
        """A datagram from the recorder."""
        try:
            call = parse(data)
        except ValueError:
            self.counters.add("hook_bad_event")
            return
        now_ns = time.time_ns()
        reason = self._choice.of(call.line, now_ns) if self._choice.has_silent(call.line) else None
        if isinstance(reason, str):
            self._over(call, now_ns, reason, ended_by=None)
        elif len(self._tasks) >= self._of.at_once:
            self._over(call, now_ns, "too_many_at_once", ended_by="fault")
        else:
            task = asyncio.create_task(self._do(call, now_ns), name=f"hook {call.call_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Until everything under way has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def figures(self) -> dict[str, Any]:
        return {
            "at_ns": time.time_ns(), "hook": self._of.kind, "under_way": len(self._tasks), "failing": self._failing,
            "counts": self.counters.as_dict(),
        }  # fmt: skip

    async def _do(self, call: Inbound, at_ns: int) -> None:
        reason, text = "", ""
        try:
            async with asyncio.timeout(self._of.timeout_s):
                await self._act(call)
        except TimeoutError:
            reason, text = "timeout", f"it took longer than {self._of.timeout_s:g} s"
        except HookFault as fault:
            reason, text = fault.reason, str(fault)
        except (OSError, httpx.HTTPError, EOFError) as problem:
            reason, text = "unreachable", f"{type(problem).__name__}: {problem}"
        except Exception as problem:  # an answer that no server should give: it must not end the hook
            reason, text = "bad_answer", f"{type(problem).__name__}: {problem}"
        self._over(call, at_ns, reason or None, ended_by="fault" if reason else "unit", text=text)

    def _over(self, call: Inbound, at_ns: int, reason: str | None, *, ended_by: str | None, text: str = "") -> None:
        self.counters.add(f"hook_{reason}" if reason else "hook_done")
        if ended_by == "fault" and reason != self._failing:
            self._say(f"The hook ({self._of.kind}) fails: {text or reason}. Callers may not hear the notice.")
        elif ended_by == "unit" and self._failing:
            self._say(f"The hook ({self._of.kind}) works again.")
        if ended_by is not None:
            self._failing = reason or ""
        self._keep(
            AnnouncementRecord(
                at_ns=at_ns, how=self._of.kind, call_id=call.call_id, of_call_id=call.call_id, caller=call.caller,
                line=call.line, prompt=self._of.play or None, ended_by=ended_by, reason=reason,
            )
        )  # fmt: skip


def act_of(of: HookSettings) -> Act:
    """What the settings ask for. Raises `Unusable`."""
    secret = password(of.password_file) if of.password_file else ""
    try:
        match of.kind:
            case "ari":
                return Ari(of.url, of.user, secret, of.play)
            case "ami":
                if len(of.play.split(",")) != 3:
                    raise Unusable('hook.play must be "context,extension,priority" for AMI.')
                return Ami(of.url, of.user, secret, of.play)
            case "esl":
                return Esl(of.url, secret, of.play)
            case "http":
                return Http(of.url, of.user, secret)
    except ValueError as problem:
        raise Unusable(f'hook.url is no address for hook.kind = "{of.kind}": {of.url}') from problem
    return Command(of.command)


def run_hook(settings: Settings, store: Path) -> bool:
    """Until SIGTERM or SIGINT; whether everything that is to be kept was written. Raises `Unusable`."""
    of = settings.hook
    choice = Choice(settings.announcement, lambda path: Prompt(path.name, "", 0, {}))
    act = act_of(of)
    try:
        events = listen(of.socket)
    except OSError as problem:
        raise Unusable(
            f"{of.socket} can't be made: {problem.strerror}.", hint="Its folder must be there, and this account's."
        ) from problem
    voice, notifier = Voice("recorder-announce"), Notifier()
    writer = Writer(AnnouncementBook(str(store)), settings.announcement.status)

    def say(sentence: str) -> None:
        voice.say([sentence], time.monotonic())

    hook = Hook(settings, act, choice, writer.keep, say)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

        def readable() -> None:
            with contextlib.suppress(BlockingIOError):  # all are taken
                while True:
                    hook.take(events.recv(LARGEST))

        loop.add_reader(events, readable)
        ready = f"ready: {of.kind} for each inbound call that the recorder tells of at {of.socket}"
        say(ready)
        notifier.tell(READY=1, STATUS=ready)
        while not stop.is_set():
            notifier.alive(time.monotonic())
            writer.publish(hook.figures())
            voice.say(writer.told(), time.monotonic())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), STATUS_S)
        loop.remove_reader(events)
        await hook.settle()
        await act.close()

    try:
        asyncio.run(serve())
    finally:
        notifier.tell(STOPPING=1)
        events.close()
        of.socket.unlink(missing_ok=True)
        written = writer.close(CLOSE_S)
        notifier.close()
    return written
