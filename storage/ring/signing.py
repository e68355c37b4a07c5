"""Makes checkpoints of a store's register, and sees to it that each day has its own key. For one process: the keeper.

    signer = Signer(ring, folder)                 # folder: the keeper's own, mode 0700, not in the store
    note = await signer.checkpoint(now_ns)        # None if nothing was entered since

A day's first checkpoint changes keys (docs/register.md, *Keys*), each step on the disk before the next:

    1 make the new private key       4 a checkpoint up to that entry, signed by both keys
    2 enter its public part          5 destroy the old private key

A crash anywhere is made good by the next call. Time is an argument.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from storage.disk import Disk
from storage.errors import DiskFailed, StoreBusy, disk_failed
from storage.layout import day_of
from storage.register import Draft, Entry, heads, keys
from storage.register.checkpoint import KEY, NEXT, ORIGIN, TIME, Checkpoint, Note, Signature, sign, vkey
from storage.register.keys import Held, Key
from storage.register.leaves import Leaves
from storage.register.mending import MENDED
from storage.ring.ring import Ring

EPOCH = "epoch"
_LOCK = "lock"
QUIET = frozenset({"witnessed"})  # what follows from a checkpoint calls for no further one


class Signer:
    """See above."""

    def __init__(self, ring: Ring, folder: str) -> None:
        self._ring, self._folder = ring, folder
        self._disk: Disk = ring.disk
        self.origin = ORIGIN + ring.uuid
        self.leaves = Leaves()
        self._signed = -1  # so many entries had the last checkpoint; -1: not known yet
        self._loud = 0  # the number of the last entry that calls for one

    async def checkpoint(self, now_ns: int) -> Note | None:
        """A checkpoint of all that is entered by now, signed, and in the store; None if there is nothing new.

        DiskFailed if the keys or the checkpoint can't be written; RegisterDamaged; StoreBusy if another process signs.
        """
        try:
            lock = self._disk.lock(os.path.join(self._folder, _LOCK))
        except BlockingIOError:
            raise StoreBusy(f"Another process signs with the keys in {self._folder}.", pid=None, hint="") from None
        except OSError as error:
            raise disk_failed(f"The keys in {self._folder} can't be read", error) from error
        try:
            return await self._checkpoint(now_ns)
        except OSError as error:
            raise disk_failed("A checkpoint can't be written", error) from error
        except ValueError as error:
            raise DiskFailed(f"The keys can't be used: {error}.") from error
        finally:
            self._disk.close(lock)

    def use(self, ring: Ring) -> None:
        """The same register from now on through this: the keeper opens it anew each time."""
        self._ring = ring

    async def waiting(self) -> int:
        """How many entries no checkpoint covers, as far as this process knows one."""
        await self._catch_up()
        return max(0, self.leaves.size - max(self._signed, 0)) if self._loud > self._signed else 0

    @property
    def signed(self) -> int:
        """So many entries had the last checkpoint."""
        return max(self._signed, 0)

    async def keep(self, epoch: int, note: Note, signatures: tuple[Signature, ...]) -> None:
        """Writes down what witnesses signed. DiskFailed."""
        path = heads.path_of(self._ring.root, epoch)
        try:
            await asyncio.to_thread(heads.append, path, Note(note.text, signatures), self._disk)
        except OSError as error:
            raise disk_failed("A witness's signature can't be written", error) from error

    async def _checkpoint(self, now_ns: int) -> Note | None:
        await self._catch_up()
        held = keys.read(self._folder, self._ring.uuid, self._disk)
        today = day_of(now_ns)
        if held.current is None or held.following is not None or held.current.day != today:
            return await self._change(held, now_ns)
        if self._signed < 0:
            latest = await asyncio.to_thread(heads.latest, self._ring.root, self._disk)
            self._signed = 0 if latest is None else Checkpoint.parse(latest[1].text).size
        if self._loud <= self._signed:
            return None
        return await self._sign(held.current, None, self.leaves.size, now_ns)

    async def _change(self, held: Held, now_ns: int) -> Note:
        """Steps 1 to 5, whichever of them are still to be done."""
        uuid = self._ring.uuid
        following = held.following
        if following is None:
            number = held.current.epoch + 1 if held.current is not None else await self._last_epoch() + 1
            following = keys.fresh(number, day_of(now_ns))
            held = Held(held.current, following)
            await asyncio.to_thread(keys.write, self._folder, uuid, held, self._disk)
        entry = await self._entered(following, now_ns, is_anew=held.current is None)
        await self._catch_up()
        note = await self._sign(following, held.current, entry, now_ns)
        await asyncio.to_thread(keys.write, self._folder, uuid, Held(following), self._disk)
        return note

    async def _entered(self, key: Key, now_ns: int, *, is_anew: bool) -> int:
        """Step 2, unless it was done before a crash: the number of the entry."""
        public = vkey(self.origin, key.signer.public_key())
        async with self._ring.writing() as pen:
            for entry in reversed(await self._epochs()):
                if entry.fields.get("key") == public:
                    return entry.number
            fields: dict[str, object] = {"epoch": key.epoch, "key": public}
            if is_anew:
                fields["anew"] = True
            [entry] = await pen.enter([Draft(now_ns, EPOCH, "recorder", fields)])
        return entry.number

    async def _sign(self, key: Key, before: Key | None, size: int, now_ns: int) -> Note:
        """Signs the first `size` entries, and writes that down where the key before looks for its last one."""
        signer = key if before is None else before
        extensions = [f"{TIME}{now_ns // 1_000_000_000}", KEY + vkey(self.origin, signer.signer.public_key())]
        if before is not None:
            extensions.append(NEXT + vkey(self.origin, key.signer.public_key()))
        root = await asyncio.to_thread(self.leaves.root, size)
        note = Note(Checkpoint(self.origin, size, root, tuple(extensions)).text)
        for one in (before, key):
            if one is not None:
                note = sign(note, self.origin, one.signer)
        path = heads.path_of(self._ring.root, signer.epoch)
        await asyncio.to_thread(heads.append, path, note, self._disk)
        self._signed = size
        return note

    async def _catch_up(self) -> None:
        """Leaves of what was entered since."""
        register = self._ring.register
        if not register.exists:
            return
        lock = await register.lock()
        try:
            tail = await asyncio.to_thread(register.tail)
            more = register.lines(tail, min(tail.number, self.leaves.size))
            if tail.number < self.leaves.size or await asyncio.to_thread(self._add, more):
                self.leaves = Leaves()  # it was mended
                await asyncio.to_thread(self._add, register.lines(tail))
        finally:
            register.unlock(lock)

    def _add(self, lines: Iterator[bytes]) -> bool:
        """Whether what was read before may be another one now."""
        is_mended = False
        for line in lines:
            self.leaves.append(line)
            kind = _kind(line)
            is_mended = is_mended or kind == MENDED
            if kind not in QUIET:
                self._loud = self.leaves.size
        return is_mended

    async def _epochs(self) -> list[Entry]:
        register = self._ring.register
        return await asyncio.to_thread(lambda: [one for one in register.read(register.tail()) if one.kind == EPOCH])

    async def _last_epoch(self) -> int:
        found = [int(one.fields["epoch"]) for one in await self._epochs()]
        return max([*found, *heads.epochs(self._ring.root, self._disk)], default=0)


def _kind(line: bytes) -> str:
    """The kind of an entry, read without parsing it all."""
    _, _, rest = line.rpartition(b'"kind":"')
    return rest.partition(b'"')[0].decode()
