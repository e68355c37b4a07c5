"""The hook against servers that speak as Asterisk and FreeSWITCH do: what it asks, and what becomes of failures."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from recorder.announcement.choice import Choice
from recorder.announcement.prompts import Prompt
from recorder.hook.inbound import Inbound, Teller, listen, parse
from recorder.hook.run import Hook, act_of
from recorder.settings import Settings
from recorder.settings.announcing import Announcement, SilentLine
from recorder.settings.announcing import Hook as HookSettings
from storage.announcements import AnnouncementBook, AnnouncementRecord
from tests.recorder.announcement.servers import CALL_ID, AmiServer, AriServer, EslServer, HttpServer, Server

ROOT = Path(__file__).resolve().parents[3]
CALL = Inbound(call_id=CALL_ID, caller="0236411212", line="0238201111", at_ns=1_795_306_500_000_000_000)


class Office:
    """A hook, what it kept, and what it said."""

    def __init__(self, of: HookSettings, *, silent: tuple[SilentLine, ...] = ()) -> None:
        self.kept: list[AnnouncementRecord] = []
        self.said: list[str] = []
        announcement = Announcement(silent=silent)
        self.act = act_of(of)
        self.hook = Hook(
            Settings(hook=of, announcement=announcement), self.act,
            Choice(announcement, lambda path: Prompt(path.name, "", 0, {})), self.kept.append, self.said.append,
        )  # fmt: skip

    async def take(self, *calls: Inbound) -> None:
        for call in calls:
            self.hook.take(json.dumps(asdict(call)).encode())
        await self.hook.settle()

    @property
    def outcomes(self) -> list[tuple[str | None, str | None]]:
        return [(one.ended_by, one.reason) for one in self.kept]


def settings_for(server: Server, tmp_path: Path, **more: Any) -> HookSettings:
    (tmp_path / "password").write_text("secret\n")
    where = f"127.0.0.1:{server.port}"
    kind, url, play = {
        AriServer: ("ari", f"http://{where}/ari", "sound:notice-ja"),
        AmiServer: ("ami", where, "notice,s,1"),
        EslServer: ("esl", where, "/etc/freeswitch/notice-ja.wav"),
        HttpServer: ("http", f"http://{where}/inbound", ""),
    }[type(server)]
    user = "" if kind in ("esl", "http") else "recorder"
    secret = "" if kind == "http" else str(tmp_path / "password")
    return HookSettings(kind=kind, url=url, play=play, user=user, password_file=secret, **more)


@pytest.mark.parametrize("server, asked", [
    (AriServer(), [("mine-2", "sound:notice-ja")]),
    (AmiServer(), [("PJSIP/mine-2", "notice", "s", "1")]),
    (EslServer(), ["uuid_broadcast mine-2 /etc/freeswitch/notice-ja.wav aleg"]),
    (HttpServer(), [asdict(CALL)]),
], ids=lambda one: type(one).__name__)  # fmt: skip
async def test_the_callers_own_channel_is_played_to(tmp_path: Path, server: Server, asked: list[Any]) -> None:
    """Another call of the same caller is not: the Call-ID decides."""
    server.asked.clear()
    async with server.running():
        office = Office(settings_for(server, tmp_path))
        await office.take(CALL)
        await office.act.close()

    assert server.asked == asked
    assert office.outcomes == [("unit", None)] and office.kept[0].complete
    assert (office.kept[0].of_call_id, office.kept[0].line) == (CALL_ID, "0238201111")
    assert office.said == []


@pytest.mark.parametrize("kind", [AriServer, AmiServer, EslServer])
async def test_a_wrong_password_is_a_fault_that_is_told_once(tmp_path: Path, kind: type[Server]) -> None:
    async with kind(password="another").running() as server:
        office = Office(settings_for(server, tmp_path))
        await office.take(CALL, CALL)
        await office.act.close()

    assert office.outcomes == [("fault", "wrong_password")] * 2
    assert len(office.said) == 1 and "refuses" in office.said[0] and "secret" not in office.said[0]


@pytest.mark.parametrize("kind", [AriServer, AmiServer, EslServer, HttpServer])
async def test_who_answers_too_slowly_is_given_up(tmp_path: Path, kind: type[Server]) -> None:
    async with kind(slow_s=5).running() as server:
        office = Office(settings_for(server, tmp_path, timeout_s=0.2))
        began = time.monotonic()
        await office.take(*[CALL] * 20)
        assert time.monotonic() - began < 2.0  # all at once, not one after the other
        await office.act.close()
        assert office.outcomes == [("fault", "timeout")] * 20
        assert office.hook.counters.as_dict() == {"hook_timeout": 20}


async def test_who_is_not_there_is_counted_and_told_until_it_works_again(tmp_path: Path) -> None:
    server = EslServer()
    server.port = 1
    away = settings_for(server, tmp_path)
    office = Office(away)
    await office.take(CALL)
    async with server.running():
        office.hook._act = act_of(settings_for(server, tmp_path))
        await office.take(CALL)

    assert office.outcomes == [("fault", "unreachable"), ("unit", None)]
    assert [sentence.split(":")[0] for sentence in office.said] == [
        "The hook (esl) fails", "The hook (esl) works again."
    ]  # fmt: skip


async def test_a_call_that_is_over_already_and_a_channel_outside_stasis_are_named(tmp_path: Path) -> None:
    async with AriServer().running() as server:
        office = Office(settings_for(server, tmp_path))
        await office.take(Inbound(call_id="gone@192.0.2.1", caller=None, line=None, at_ns=0))
        server.in_stasis = False  # type: ignore[attr-defined]
        await office.take(CALL)
        await office.act.close()

    assert office.outcomes == [("fault", "no_channel"), ("fault", "not_in_stasis")]


async def test_more_than_may_be_under_way_are_counted_not_queued(tmp_path: Path) -> None:
    async with HttpServer(slow_s=0.3).running() as server:
        office = Office(settings_for(server, tmp_path, at_once=2))
        await office.take(*[CALL] * 5)
        await office.act.close()

    assert sorted(str(reason) for _, reason in office.outcomes) == ["None"] * 2 + ["too_many_at_once"] * 3


async def test_a_line_without_a_notice_asks_nobody(tmp_path: Path) -> None:
    async with HttpServer().running() as server:
        urgent = SilentLine(lines=("0238201111",), reason="urgent")
        office = Office(settings_for(server, tmp_path), silent=(urgent,))
        await office.take(CALL)
        await office.act.close()

    assert server.asked == []
    assert office.outcomes == [(None, "urgent")]


@pytest.mark.parametrize("script, outcome", [
    ("import json,sys; assert json.load(sys.stdin)['line'] == '0238201111'", ("unit", None)),
    ("raise SystemExit(3)", ("fault", "exit_status")),
    ("import time; time.sleep(60)", ("fault", "timeout")),
])  # fmt: skip
async def test_a_command_gets_the_facts_and_has_its_time(script: str, outcome: tuple[str, str | None]) -> None:
    office = Office(HookSettings(kind="command", command=(sys.executable, "-c", script), timeout_s=3.0))
    await office.take(CALL)

    assert office.outcomes == [outcome]


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    office = Office(HookSettings(kind="command", command=(str(tmp_path / "no-such"),)))
    await office.take(CALL)

    assert office.outcomes == [("fault", "no_program")]


def test_the_recorder_never_waits_for_the_hook(tmp_path: Path) -> None:
    """Nobody there, then somebody who reads nothing: each event takes no time, and what doesn't fit is counted."""
    teller = Teller(tmp_path / "socket")
    teller.tell(CALL)
    assert (teller.told, teller.untold) == (0, 1)
    events = listen(tmp_path / "socket")

    began = time.monotonic()
    for _ in range(5000):
        teller.tell(CALL)
    took_s = time.monotonic() - began

    assert teller.told > 0 and teller.untold > 1 and teller.told + teller.untold == 5001
    assert took_s < 2.0
    assert parse(events.recv(8192)) == CALL
    teller.close()
    events.close()


@pytest.mark.parametrize("data", [
    b"", b"{", b"[]", b'{"call_id":1}', b'{"call_id":"a","at_ns":1,"caller":2,"line":null}',
])  # fmt: skip
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse(data)


def test_announce_does_what_the_recorder_tells_and_keeps_it(tmp_path: Path) -> None:
    """The whole way as processes: event, command, record."""
    store, socket, out = tmp_path / "store", tmp_path / "inbound.socket", tmp_path / "out.json"
    store.mkdir()
    config = tmp_path / "recorder.toml"
    script = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"
    config.write_text(
        f"[hook]\nkind = 'command'\nsocket = '{socket}'\ncommand = {json.dumps([sys.executable, '-c', script])}\n"
        "timeout_s = 20.0\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "recorder", "announce", "--config", str(config), "--store", str(store)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None and "ready" in process.stderr.readline()
        teller = Teller(socket)
        teller.tell(CALL)
        teller.close()
        until = time.monotonic() + 20
        while not AnnouncementBook(str(store)).days() and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()

    book = AnnouncementBook(str(store))
    [record] = [record for day in book.days() for record in book.read(day)[0]]
    assert record.complete and record.how == "command"
    assert json.loads(out.read_text()) == asdict(CALL)
    assert not socket.exists()
