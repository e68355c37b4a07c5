"""The recordings that people listen to just now, each open for as long as its sitting lasts.

A browser asks for a recording piece by piece. Opening a sealed one reads all of it once, so that isn't done for each
piece; and what it looks like is computed once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from recorder.door import audio
from recorder.door.shape import Shape, shape_of
from recorder.door.sound import Sealed, Sound, Unreadable

log = logging.getLogger(__name__)

MOST = 64  # open recordings; the one that was opened first is closed for the next


class Player:
    """One sitting's recording."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self._lock = asyncio.Lock()  # a file isn't closed while a thread reads it
        self._shape: Shape | None = None
        self._is_open = True

    async def shape(self) -> Shape | None:
        """What it looks like; None if the sitting is over. What `Sound.read` raises."""
        async with self._lock:
            if self._shape is None and self._is_open:
                self._shape = await asyncio.to_thread(shape_of, self.sound)
            return self._shape if self._is_open else None

    async def chunks(self, first: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of its WAV from `first` to `end`, for as long as the sitting lasts."""
        while first < end:
            async with self._lock:
                if not self._is_open:
                    return
                try:
                    chunk = await asyncio.to_thread(audio.read, self.sound, first, min(end - first, audio.AT_ONCE))
                except (Unreadable, Sealed) as error:  # the answer has begun: all that is left is to break it off
                    log.warning("A recording that is listened to can't be read any further: %s", error)
                    return
            if not chunk:
                return
            yield chunk
            first += len(chunk)

    async def close(self) -> None:
        async with self._lock:
            if self._is_open:
                self._is_open = False
                self.sound.close()


class Players:
    """By the names of sittings."""

    def __init__(self) -> None:
        self._players: dict[str, Player] = {}

    async def keep(self, sitting: str, sound: Sound) -> None:
        """The recording of a sitting that was opened just now."""
        while len(self._players) >= MOST:
            await self.drop(next(iter(self._players)))
        self._players[sitting] = Player(sound)

    def find(self, sitting: str) -> Player | None:
        return self._players.get(sitting)

    async def drop(self, *sittings: str) -> None:
        """These sittings are over."""
        for name in sittings:
            if (player := self._players.pop(name, None)) is not None:
                await player.close()

    async def close(self) -> None:
        await self.drop(*self._players)
