"""`recorder announce`: the announcement unit, or the hook that an office has instead, until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
import time
from pathlib import Path

from recorder.announcement import prompts
from recorder.announcement.choice import Choice
from recorder.announcement.following import Changed, Following
from recorder.announcement.unit import Unit
from recorder.announcement.writer import Writer
from recorder.daemon.notify import Notifier
from recorder.daemon.signals import Signals
from recorder.daemon.voice import Voice
from recorder.problems import Unusable
from recorder.settings import Settings
from storage.announcements import AnnouncementBook

CLOSE_S = 5.0


def run(settings: Settings, store: Path, config: Path | None = None) -> bool:
    """Announce until SIGTERM or SIGINT; whether everything that is to be kept was written. `config` is the file of the
    settings, beside which the office changes its own. Raises `Unusable`."""
    of = settings.announcement
    if of.exchanges and settings.hook.kind:
        raise Unusable(
            "Both [[announcement.exchanges]] and [hook] are set: callers would hear the notice twice.",
            hint="Choose one of them.",
        )
    if not of.exchanges and not settings.hook.kind:
        raise Unusable(
            "Nobody calls the announcement unit: there is no exchange.",
            hint="Name one under [[announcement.exchanges]], or set hook.kind; docs/announcement.md has examples.",
        )
    if not store.is_dir():
        raise Unusable(f"There is no store in {store}.", hint="Name it with --store, or in recording.store.")
    if settings.hook.kind:
        from recorder.hook.run import run_hook

        return run_hook(settings, store)
    choice = Choice(of, prompts.load)
    voice, notifier = Voice("recorder-announce"), Notifier()
    following = Following(config, settings.desk.changes, prompts.load)
    with Signals() as signals, contextlib.closing(following):
        writer = Writer(AnnouncementBook(str(store)), of.status)
        try:
            unit = Unit(settings, choice, writer)
            try:
                # What is there now stays there: the garbage collector needn't look through it while audio waits.
                gc.collect()
                gc.freeze()
                accounts = ", ".join(telephone.where for telephone in unit.telephones)
                ready = f"ready: {len(choice.prompts)} prompts for {accounts}"
                voice.say([ready], time.monotonic())
                notifier.tell(READY=1, STATUS=ready)

                def say(sentences: list[str]) -> None:
                    now_s = time.monotonic()
                    voice.say([*sentences, *_adopted(unit, following)], now_s)
                    notifier.alive(now_s)

                unit.run(stopping=lambda: signals.stopping, say=say)
            finally:
                unit.close()
        finally:
            notifier.tell(STOPPING=1)
            written = writer.close(CLOSE_S)
            notifier.close()
    if not written:
        voice.say(["Some announcements could not be written to the store."], time.monotonic())
    return written


def _adopted(unit: Unit, following: Following) -> list[str]:
    """Has the unit follow what the office changed; what is to be said of it."""
    said = []
    for one in following.news():
        if isinstance(one, Changed):
            unit.adopt(one.settings, one.choice)
            said.append(f"The office's settings were read again: {len(one.choice.prompts)} prompts.")
        else:
            said.append(one)
    return said
