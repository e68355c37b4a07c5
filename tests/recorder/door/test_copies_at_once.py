"""Two people, or one with a double click, act on the same copy at once: what one did binds the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

from recorder.dates import at
from tests.recorder.door.scene import Scene
from tests.recorder.door.test_copies import CALLS, copied, entries_of, granted


async def test_a_copy_is_handed_over_once_and_ends_once(tmp_path: Path) -> None:
    async with Scene(tmp_path, CALLS) as scene:
        manager = await scene.manager()
        number = (await copied(manager, await granted(scene, manager, "1")))["number"]
        given = {"copy": number, "to": "税務課長", "how": "手渡し", "are_accepted": True}
        ended = {"copy": number, "how": "crushed", "on": at(scene.now_ns).date().isoformat()}
        for operation, asked in (("copies.provide", given), ("copies.end", ended)):
            answers = await asyncio.gather(*(manager.ask(operation, **asked) for _ in range(4)))
            assert sorted(one.status for one in answers) == [200, 409, 409, 409], operation
        assert len(await entries_of(scene, "provision", "copy_ended")) == 2


async def test_no_copy_is_made_of_what_is_withdrawn_meanwhile(tmp_path: Path) -> None:
    async with Scene(tmp_path, CALLS) as scene:
        manager = await scene.manager()
        number = await granted(scene, manager, "1")
        made, withdrawn = await asyncio.gather(
            manager.ask("copies.make", application=number, medium="usb", packing="folder"),
            manager.ask("applications.withdraw", application=number, reason="不要"),
        )
        entered = [one.kind for one in await entries_of(scene, "withdrawn", "copy")]
    assert sorted((made.status, withdrawn.status)) == [200, 409]
    assert len(entered) == 1
