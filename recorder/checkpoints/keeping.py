"""The keeper's part: checkpoints each minute, to the second path, and out to whoever carries them on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.checkpoints import courier, witnesses
from recorder.settings.models import Evidence
from storage.disk import Disk
from storage.errors import StoreError
from storage.register import Draft, heads
from storage.register.checkpoint import ORIGIN, Checkpoint, Note, parse_vkey
from storage.register.code import code_of
from storage.register.proof import Outside
from storage.ring.ring import Ring
from storage.ring.signing import Signer

LOOKED_FOR = frozenset({Code.CHECKPOINT_FAILED, Code.WITNESS_SILENT, Code.WITNESS_REFUSES})
WITNESSED = "witnessed"
ENTRIES = 1000  # a checkpoint at the latest after so many
MINUTE_NS = 60_000_000_000


class Checkpoints:
    """Of one store. `turn` is to be called every few seconds."""

    def __init__(self, store: str, settings: Evidence, outbox: Path) -> None:
        self._store, self._settings, self._outbox = store, settings, outbox / courier.OUTBOX
        self._disk = Disk()
        self._signer: Signer | None = None
        self._book: witnesses.Book | None = None
        self._made_ns = self._began_ns = 0
        self._number = 0
        self._sent: dict[str, tuple[int, Note]] = {}
        self._carried = self._told = ""  # what the second path has, and the outbox
        self._sent_ns = 0

    async def turn(self, now_ns: int) -> list[Alarm]:
        """Makes a checkpoint if one is due, and sees to those that were sent. Alarms of LOOKED_FOR."""
        self._began_ns = self._began_ns or now_ns
        if not self._disk.status(str(self._settings.keys)):
            reason = f"the folder for its keys isn't there ({self._settings.keys})"
            return [Alarm(Code.CHECKPOINT_FAILED, {"reason": reason})]
        try:
            async with await Ring.open(self._store) as ring:
                if self._signer is None:
                    self._signer = Signer(ring, str(self._settings.keys))
                self._signer.use(ring)
                is_due = not 0 <= now_ns - self._made_ns < self._settings.every_s * 1_000_000_000
                if is_due or await self._signer.waiting() >= ENTRIES:
                    await self._signer.checkpoint(now_ns)
                    self._made_ns = now_ns
                latest = await asyncio.to_thread(heads.latest, ring.root, self._disk)
                if latest is None:
                    return []
                await asyncio.to_thread(self._to_second_path, ring.uuid, latest[1])
                return await self._see_to_witnesses(ring, latest, now_ns)
        except StoreError as problem:
            return [Alarm(Code.CHECKPOINT_FAILED, {"reason": str(problem).rstrip(".")})]
        except OSError as problem:
            reason = f"{problem.filename or self._settings.second_path}: {problem.strerror}"
            return [Alarm(Code.CHECKPOINT_FAILED, {"reason": reason})]

    def outside(self) -> list[Outside]:
        """The newest checkpoint on the second path, to hold the register against."""
        if not self._settings.second_path or self._signer is None:
            return []
        uuid = self._signer.origin.removeprefix(ORIGIN)
        path = os.path.join(self._settings.second_path, f"{uuid}.jsonl")
        try:
            found = [one.note for one in heads.read(path, 0, self._disk) if one.note is not None]
        except OSError:  # the next turn says so
            return []
        return [Outside(f"the second path ({path})", found[-1])] if found else []

    def _to_second_path(self, uuid: str, note: Note) -> None:
        if self._settings.second_path and note.text != self._carried:
            heads.append(os.path.join(self._settings.second_path, f"{uuid}.jsonl"), note, self._disk)
            self._carried = note.text

    async def _see_to_witnesses(self, ring: Ring, latest: tuple[int, Note], now_ns: int) -> list[Alarm]:
        path = os.path.join(self._settings.keys, f"{ring.uuid}.witnesses.json")
        if self._book is None:
            self._book = witnesses.Book.read(path, self._disk)
        if await self._take_answers(ring, self._book, now_ns):
            self._book.write(path, self._disk)
        await asyncio.to_thread(self._hand_out, ring, self._book, latest, now_ns)
        return self._alarms(self._book, now_ns)

    async def _take_answers(self, ring: Ring, book: witnesses.Book, now_ns: int) -> bool:
        """Whether there were any to what was asked last."""
        answers = await asyncio.to_thread(courier.read, self._settings.answers)
        if answers.get("number") != self._number or not self._sent:
            return False
        assert self._signer is not None
        keys = {one.url: parse_vkey(one.key) for one in self._settings.witnesses}
        for answer in answers.get("answers", []):
            url = answer.get("url")
            if url not in self._sent or url not in keys:
                continue
            (epoch, note), known = self._sent.pop(url), book.known.setdefault(url, witnesses.Known())
            before_ns = known.signed_ns
            said, signatures = witnesses.understand(
                known, keys[url], epoch, note, int(answer["status"]), str(answer["body"]), now_ns
            )
            if said == "signed":
                await self._signer.keep(epoch, note, signatures)
                if now_ns // (1440 * MINUTE_NS) != before_ns // (1440 * MINUTE_NS):  # once a day is enough to know
                    fields = {"witness": keys[url].name, "size": known.size}
                    async with ring.writing() as pen:
                        await pen.enter([Draft(now_ns, WITNESSED, "recorder", fields)])
        self._sent = {}
        return True

    def _hand_out(self, ring: Ring, book: witnesses.Book, latest: tuple[int, Note], now_ns: int) -> None:
        """Writes what is to be carried, unless something is on its way that is younger than a minute."""
        if not self._outbox.parent.is_dir() or (self._sent and now_ns - self._sent_ns < MINUTE_NS):
            return
        assert self._signer is not None
        requests, sent = [], {}
        for one in self._settings.witnesses:
            known = book.known.setdefault(one.url, witnesses.Known())
            wanted = witnesses.next_note(known, latest, lambda epoch: _last(ring.root, epoch, self._disk))
            body = witnesses.ask(known, wanted[1], self._signer.leaves) if wanted is not None else None
            if wanted is not None and body is None:
                there = Checkpoint.parse(wanted[1].text).size
                known.refusal = f"it saw {known.size} entries, and there are only {there}"
            if wanted is not None and body is not None:
                requests.append({"url": one.url, "body": body})
                sent[one.url] = wanted
        said = Checkpoint.parse(latest[1].text)
        text = f"checkpoint {code_of(said)} {' '.join(latest[1].text.split())}"
        if requests or text != self._told:
            self._number, self._sent, self._sent_ns, self._told = now_ns, sent, now_ns, text
            courier.write(self._outbox, {"number": now_ns, "requests": requests, "syslog": text})

    def _alarms(self, book: witnesses.Book, now_ns: int) -> list[Alarm]:
        found = []
        minutes = self._settings.witness_minutes
        asked = [book.known.setdefault(one.url, witnesses.Known()) for one in self._settings.witnesses]
        newest_ns = max((one.signed_ns for one in asked), default=now_ns)
        if asked and now_ns - max(newest_ns, self._began_ns) > minutes * MINUTE_NS and self._is_waiting(book):
            found.append(Alarm(Code.WITNESS_SILENT, {"minutes": minutes}))
        for one in self._settings.witnesses:
            if refusal := book.known[one.url].refusal:
                found.append(Alarm(Code.WITNESS_REFUSES, {"witness": one.url, "reason": refusal}, about=one.url))
        return found

    def _is_waiting(self, book: witnesses.Book) -> bool:
        """Whether there is anything that a witness hasn't signed: at night nothing may be entered for hours."""
        assert self._signer is not None
        return any(book.known[one.url].size < self._signer.signed for one in self._settings.witnesses)


def _last(root: str, epoch: int, disk: Disk) -> Note | None:
    """The last checkpoint of a key."""
    found = [one.note for one in heads.read(heads.path_of(root, epoch), epoch, disk) if one.note is not None]
    return found[-1] if found else None
