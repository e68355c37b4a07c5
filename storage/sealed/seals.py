"""Sealing in one store: for whom recordings are sealed that begin now, and what is known of those under way.

    begin    1 a key, wrapped for all recipients, and what is known of the call: into the key store
             2 the file's head, then its records
    go on    as 1, for a new segment of the same file: the key of the earlier process is gone from every memory
    left     a file that a crash left, to be completed without its key: it then ends where it was cut off
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from storage import facts, layout
from storage.disk import Disk
from storage.errors import SealedError, StoreError
from storage.facts import Facts
from storage.layout import Name
from storage.parts import FilePool, with_audio
from storage.records import CallRecord
from storage.sealed.key import Key, recipient
from storage.sealed.key_store import KeyStore, Named, Wrapped
from storage.sealed.part import SealedPart
from storage.sealed.scan import Scan, scan, tags
from storage.wav import RATE_HZ, Encoding

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient

LEAST_RECIPIENTS = 2  # one who works with recordings, one for the day that key is lost


class Seals:
    """See above. `keys` is None where nothing was ever sealed."""

    def __init__(self, root: str, disk: Disk, keys: KeyStore | None, recipients: Sequence[Named] = ()) -> None:
        self.root = root
        self.disk = disk
        self.keys = keys
        self._for: tuple[int, list[Recipient]] | None = None
        if recipients:
            self.seal_for(recipients)

    @classmethod
    def open(cls, root: str, uuid: str, disk: Disk, recipients: Sequence[Named] = ()) -> Seals:
        """Those of the store in `root`, which gets a key store if something is to be sealed. StoreError, OSError."""
        keys = KeyStore.open(root, uuid, disk, create=bool(recipients))
        try:
            return cls(root, disk, keys, recipients)
        except BaseException:
            if keys is not None:
                keys.close()
            raise

    @property
    def is_on(self) -> bool:
        """Whether what begins now is sealed."""
        return self._for is not None

    def seal_for(self, recipients: Sequence[Named]) -> None:
        """Seals for these from now on; for none, nothing is sealed. StoreError if they are too few."""
        if not recipients:
            self._for = None
            return
        if len({one.key for one in recipients}) < LEAST_RECIPIENTS:
            raise StoreError(
                f"Recordings are sealed for at least {LEAST_RECIPIENTS} recipients.",
                hint="Name them in sealing.recipients.",
            )
        assert self.keys is not None, "a key store is opened with the store"
        self._for = self.keys.audience(recipients), [recipient(one.key) for one in recipients]

    def begin(
        self, pool: FilePool, call: CallRecord, *, encoding: Encoding, channels: int, starts_ns: int
    ) -> SealedPart:
        """A part whose key is kept already, and whose file is still to be made. DiskFailed."""
        assert self._for is not None and self.keys is not None
        name = layout.recording_path(call.started_ns, call.id, sealed=True)
        key = Key()
        part = SealedPart(
            pool, os.path.join(self.root, name) + layout.PART, name, call_id=call.id, encoding=encoding,
            channels=channels, starts_ns=starts_ns, keys=self.keys, key=key,
        )  # fmt: skip
        self._keep(key, *self._for, call, part)
        return part

    def reopen(self, pool: FilePool, name: Name) -> tuple[SealedPart, CallRecord] | None:
        """A recording to be gone on with, in a segment of its own; None if it can't be. DiskFailed, OSError."""
        said = self.known(name.id)
        path = os.path.join(self.root, name.recording) + layout.PART
        if said is None or said.complete or self.keys is None:
            return None
        call = said.call
        earlier = self.keys.keys(name.id)
        found = self._cut(path)
        if found is None or found.last is not None or not earlier:
            return None
        number = earlier[-1].audience
        audience = self._for or (number, [recipient(one.key) for one in self.keys.recipients(number)])
        key = Key()
        part = SealedPart(
            pool, path, name.recording, call_id=name.id, encoding=found.encoding, channels=found.head.channels,
            starts_ns=_starts_ns(found), keys=self.keys, key=key, segment=earlier[-1].segment + 1,
            frames=found.end_frame - found.first_frame, origin=-found.first_frame, end=found.end, head=found.head,
        )  # fmt: skip
        self._keep(key, *audience, call, part)
        fd = self.disk.open(path)
        try:
            part.has_before(tags(self.disk, fd, found))
        finally:
            self.disk.close(fd)
        return part, call

    def left(self, pool: FilePool, name: Name) -> tuple[SealedPart, Scan] | None:
        """A recording that a crash left, cut to its whole records; None if its head can't be read. OSError."""
        path = os.path.join(self.root, name.recording) + layout.PART
        found = self._cut(path)
        if found is None or found.head.id != name.id:
            return None
        part = SealedPart(
            pool, path, name.recording, call_id=name.id, encoding=found.encoding, channels=found.head.channels,
            starts_ns=_starts_ns(found), keys=self.keys, frames=found.end_frame - found.first_frame,
            origin=-found.first_frame, end=found.end, head=found.head,
        )  # fmt: skip
        return part, found

    def known(self, call_id: str) -> Facts | None:
        """What is known of a sealed call that has no row."""
        said = self.keys.facts(call_id) if self.keys is not None else None
        try:
            return None if said is None else facts.unpack(said.encode("ascii"))
        except ValueError:
            return None

    def ended(self, calls: Sequence[CallRecord]) -> None:
        """All that is known of sealed calls that are over stands here, before their files end. DiskFailed."""
        if self.keys is not None and calls:
            with self.keys.in_one_transaction():
                for call in calls:
                    self.keys.describe(call.id, facts.all_of(call, complete=True))

    def entered(self, calls: Collection[str]) -> None:
        """These have their rows. DiskFailed."""
        if self.keys is not None and calls:
            self.keys.entered(calls)

    def drop(self, calls: Collection[str]) -> None:
        """Of these nothing was kept. DiskFailed."""
        if self.keys is not None and calls:
            self.keys.drop(calls)

    def growing(self) -> list[str]:
        """Sealed calls of which something is known here, and which may not have their rows yet."""
        return self.keys.growing() if self.keys is not None else []

    def sync(self) -> None:
        """Keys are on the disk before what they open. OSError."""
        if self.keys is not None:
            self.keys.sync()

    def close(self) -> None:
        if self.keys is not None:
            self.keys.close()

    def _keep(
        self, key: Key, audience: int, recipients: Sequence[Recipient], call: CallRecord, part: SealedPart
    ) -> None:
        assert self.keys is not None
        wrapped = key.wrapped(recipients)
        said = facts.all_of(with_audio(call, part), complete=False)
        self.keys.add(Wrapped(call.id, part.segment, audience, wrapped), said)

    def _cut(self, path: str) -> Scan | None:
        """Takes off what a crash tore at the end of a file; what it says then, None if its head can't be read."""
        fd = self.disk.open(path, write=True)
        try:
            try:
                found = scan(self.disk, fd)
            except SealedError:
                return None
            if self.disk.size(fd) > found.end:
                self.disk.truncate(fd, found.end)
            return found
        finally:
            self.disk.close(fd)


def _starts_ns(found: Scan) -> int:
    """When the first frame was of which there is a record."""
    return found.head.began_ns + found.first_frame * 1_000_000_000 // RATE_HZ
