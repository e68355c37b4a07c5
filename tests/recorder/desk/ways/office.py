"""What the walks of whole ways share: people who are at work already, days as clerks type them, papers opened."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from recorder.dates import at, in_era
from recorder.desk.cookies import SESSION
from recorder.door.acts.people import first_manager
from storage.records import CallRecord
from storage.register import Entry
from tests.packages import require
from tests.recorder.desk.clerk import Clerk, browser
from tests.recorder.desk.served import Served, served
from tests.recorder.door.scene import Visitor
from tests.recorder.stores import a_call

SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
_DPI = 144


class Office(Served):
    """A served desk whose people are made at the door, at the machine's time; they come to a browser with `seat`."""

    def __init__(self, folder: Path, calls: list[CallRecord], office: str) -> None:
        super().__init__(folder, calls, office=office)
        self.now_ns = time.time_ns()

    async def head(self, name: str, post: str) -> Visitor:
        """The first manager, set up and logged in."""
        made = await first_manager(self.door, self.now_ns, login="kanri", name=name, post=post, by="root")
        visitor = Visitor(self, login="kanri", password=made.password)
        await visitor.set_up()
        return visitor

    async def appoint(self, by: Visitor, login: str, role: str, name: str, post: str, section: str = "") -> Visitor:
        """Somebody whom the manager appoints, set up and logged in."""
        ends_on = at(self.now_ns + 300 * DAY_NS).date().isoformat()
        answer = await by.ask(
            "people.add", login=login, name=name, post=post, role=role, section=section, ends_on=ends_on
        )
        assert answer.status == 200, answer.said
        visitor = Visitor(self, login=login, password=answer.said["password"])
        await visitor.set_up()
        return visitor

    async def seat(self, clerk: Clerk, visitor: Visitor) -> None:
        """From now on the browser is this person's."""
        url = self.address.replace("http:", "https:")  # a secure cookie, which is sent to this machine all the same
        await clerk.page.context.add_cookies([
            {"name": SESSION, "value": visitor.token, "url": url, "secure": True, "httpOnly": True}
        ])

    async def entered(self, *left_out: str) -> list[Entry]:
        """What people did, in order, without accounts and logins."""
        quiet = ("recorded", "begun", "login", "logout", "account", "appointed", "password", "second_factor", *left_out)
        return [one for one in await self.register() if not one.kind.startswith(quiet) and one.who != "recorder"]

    def raw_register(self) -> str:
        """All that its files say."""
        lines = b"".join(path.read_bytes() for path in sorted((self.store / "register").rglob("*.jsonl"))).splitlines()
        return "\n".join(json.dumps(json.loads(line), ensure_ascii=False) for line in lines)


@asynccontextmanager
async def clerks_at(office: Office) -> AsyncIterator[tuple[Office, Clerk, Clerk]]:
    """The office, served, and two browsers."""
    async with served(office) as desk, browser(desk) as (one, other):
        assert isinstance(desk, Office)
        yield desk, one, other


def call(call_id: str, began_ns: int, seconds: int = 100, **changes: object) -> CallRecord:
    """An answered call that began then."""
    return a_call(
        call_id, started_ns=began_ns, answered_ns=began_ns + 2 * SECOND_NS, talk_ns=began_ns + 2 * SECOND_NS,
        ended_ns=began_ns + seconds * SECOND_NS, **changes,
    )  # fmt: skip


def day(time_ns: int) -> str:
    """As a clerk types it."""
    return in_era(at(time_ns).date())


def clock(time_ns: int) -> str:
    return f"{at(time_ns):%-H時%-M分}"


async def taken(clerk: Clerk, name: str | re.Pattern[str], role: str = "link") -> bytes:
    """The file that comes when a link or button of this name is clicked."""
    async with clerk.page.expect_download() as coming:
        await clerk.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
    return Path(await (await coming.value).path()).read_bytes()  # noqa: ASYNC240


def printed(data: bytes, folder: Path) -> str:
    """What a PDF says, without spaces and line breaks."""
    (folder / "paper.pdf").write_bytes(data)
    command = [require("pdftotext"), "-layout", str(folder / "paper.pdf"), "-"]
    return "".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def is_ringed(data: bytes, word: str, folder: Path) -> bool:
    """Whether there is ink all round the first place of a word on a PDF's first page, near it and not on it."""
    path = folder / "paper.pdf"
    path.write_bytes(data)
    boxes = subprocess.run([require("pdftotext"), "-bbox", str(path), "-"], check=True, capture_output=True).stdout
    [found, *_] = [one for one in ElementTree.fromstring(boxes).iter() if one.text == word]
    left, top, right, bottom = (float(found.attrib[name]) * _DPI / 72 for name in ("xMin", "yMin", "xMax", "yMax"))
    command = [require("pdftoppm"), "-gray", "-singlefile", "-r", str(_DPI), str(path), str(folder / "page")]
    subprocess.run(command, check=True)
    data = (folder / "page.pgm").read_bytes()
    match = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", data)
    assert match is not None
    page = np.frombuffer(data[match.end() :], np.uint8).reshape(int(match[2]), int(match[1])) < 128
    across, down = int((left + right) / 2), int((top + bottom) / 2)
    ways = [
        page[down, int(left) - 9 : int(left)], page[down, int(right) + 1 : int(right) + 10],
        page[int(top) - 9 : int(top) + 1, across], page[int(bottom) : int(bottom) + 10, across],
    ]  # fmt: skip
    return all(bool(one.any()) for one in ways)
