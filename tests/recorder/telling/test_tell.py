"""`recorder tell` as a process, against a real mail server, an HTTPS server and a syslog server over TLS."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.alarms.alarm import Alarm
from recorder.alarms.board import REST_S
from recorder.alarms.code import Code, Severity
from recorder.alarms.notes import NamedBoard
from recorder.housekeeping import publish
from recorder.settings import check
from recorder.telling import message
from recorder.telling.pending import LONGEST_WAIT_S, Patience, Told, pending
from tests.recorder.housekeeping.conftest import ROOT, wait_until
from tests.recorder.telling.servers import Authority, Hook, MailServer, SyslogServer, listening

BEGIN_NS = 1_795_306_502 * 10**9  # 2026-11-22 09:15:02 in Japan
FULL = Alarm(Code.DISK_FULL, {"free": "0 B", "store": "/s"})
FEW = Alarm(Code.INODES_FEW, {"count": 3, "store": "/s"})
DISK = {Code.DISK_FULL, Code.INODES_FEW}
SECRETS = ("correct horse", "battery-staple")


class Office:
    """A board that is published, and whoever is told of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder, self.board = root, root / "run", NamedBoard()
        self.folder.mkdir()
        self.at_s = 0
        self.mail, self.syslog = MailServer(), SyslogServer()
        self.authority = Authority(root / "ca")
        self.process: subprocess.Popen[bytes] | None = None
        self.log = root / "errors.txt"

    def finds(self, *alarms: Alarm, after_s: int = 1) -> None:
        self.at_s += after_s
        self.board.board.look(BEGIN_NS + self.at_s * 10**9, alarms, DISK)
        publish.write(self.folder, self.board, store="/s", at_ns=0)

    def configure(self, tell: str) -> None:
        (self.root / "mail").write_text(f"{SECRETS[0]}\n")
        (self.root / "token").write_text(f"{SECRETS[1]}\n")
        head = f'[status]\nfolder = "{self.folder}"\n[tell]\ntold = "{self.root / "told.json"}"\n'
        (self.root / "recorder.toml").write_text(f'{head}ca_file = "{self.authority.ca}"\n{tell}')

    def start(self) -> None:
        command = [sys.executable, "-m", "recorder", "tell", "--config", str(self.root / "recorder.toml")]
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                command, stderr=errors, cwd=ROOT, env=os.environ | {"CREDENTIALS_DIRECTORY": str(self.root)}
            )

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def mails(self) -> list[email.message.EmailMessage]:
        return [email.message_from_bytes(one, policy=email.policy.default) for one in self.mail.mails]  # type: ignore[misc]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(tmp_path)
    yield one
    if one.process is not None:
        one.process.kill()
        one.process.wait()


def test_each_channel_is_told_once_across_a_restart(office: Office) -> None:
    """Raised, the teller restarted while it stands, cleared: two messages on each channel, and no secret anywhere."""
    context = office.authority.of_server()
    hook = Hook(context)
    try:
        with listening(office.mail.serve, context) as mail, listening(office.syslog.serve, context) as syslog:
            office.configure(
                f'mail_to = ["kanri@example.jp"]\nmail_from = "recorder@example.jp"\nmail_security = "tls"\n'
                f'mail_server = "localhost:{mail}"\nmail_user = "recorder"\nmail_password_file = "mail"\n'
                f'webhook_url = "https://localhost:{hook.port}/alarms?x=1"\nwebhook_token_file = "token"\n'
                f'syslog_server = "localhost:{syslog}"\n'
            )
            office.finds(FULL)
            office.start()
            wait_until(lambda: all((office.mail.mails, hook.posted, office.syslog.messages)), 20)
            wait_until(lambda: office.root.joinpath("told.json").exists(), 5)
            assert office.stop() == 0
            office.start()
            wait_until(lambda: office.said.count("ready") == 2, 20)
            office.finds(FULL)
            office.finds(after_s=REST_S + 1)
            counts = lambda: (len(office.mail.mails), len(hook.posted), len(office.syslog.messages))  # noqa: E731
            wait_until(lambda: min(counts()) >= 2, 20)
            assert office.stop() == 0
            assert counts() == (2, 2, 2)
    finally:
        hook.close()

    raised, cleared = office.mails()
    assert raised["To"] == "kanri@example.jp" and "警報（重大）: disk_full" in raised["Subject"]
    assert "ディスクが満杯です" in raised.get_content() and "recorder holds" in raised.get_content()
    assert "警報解除: disk_full" in cleared["Subject"]
    assert office.mail.logins[0] == f"\0recorder\0{SECRETS[0]}"
    assert [one["event"] for one in hook.posted] == ["raised", "cleared"]
    assert hook.posted[0]["code"] == "disk_full" and hook.posted[0]["at"] == "2026-11-22T09:15:03.000000+09:00"
    assert hook.tokens == [f"Bearer {SECRETS[1]}"] * 2
    first = office.syslog.messages[0].decode()
    assert re.match(r"<26>1 2026-11-22T00:15:03\.000000Z \S+ recorder - raised \[alarm@32473 code=\"disk_full\"", first)
    assert not any(secret in office.said + (office.root / "told.json").read_text() for secret in SECRETS)


def test_a_server_that_is_away_is_told_later_and_the_others_at_once(office: Office) -> None:
    """The webhook redirects, which isn't followed, and comes back; the mail server takes everything meanwhile."""
    hook = Hook(office.authority.of_server())
    hook.status = 302
    try:
        with listening(office.mail.serve, None) as mail:
            office.configure(
                f'mail_to = ["kanri@example.jp"]\nmail_from = "r@example.jp"\nmail_security = "none"\n'
                f'mail_server = "127.0.0.1:{mail}"\nwebhook_url = "https://localhost:{hook.port}/"\n'
            )
            office.finds(FULL, FEW)
            office.start()
            wait_until(lambda: "answered 302" in office.said, 20)
            hook.status = 200
            wait_until(lambda: len(hook.posted) == 2, 20)
            assert office.stop() == 0
    finally:
        hook.close()

    assert len(office.mail.mails) == 1  # both in one
    assert [one["code"] for one in hook.posted] == ["disk_full", "inodes_few"]


def test_a_server_nobody_vouches_for_gets_nothing(office: Office, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    hook = Hook(other.of_server())
    try:
        with listening(office.syslog.serve, other.of_server()) as syslog:
            office.configure(
                f'webhook_url = "https://localhost:{hook.port}/"\nwebhook_token_file = "token"\n'
                f'syslog_server = "localhost:{syslog}"\n'
            )
            office.finds(FULL)
            office.start()
            wait_until(lambda: office.said.count("CERTIFICATE_VERIFY_FAILED") == 2, 20)
            assert office.stop() == 0
    finally:
        hook.close()

    assert hook.posted == [] and office.syslog.messages == []
    assert SECRETS[1] not in office.said


def numbers(of: NamedBoard, told: Told, least: Severity = Severity.NOTICE) -> list[tuple[int, str]]:
    return [(event.number, event.kind) for event in pending(of, told, "mail", least)]


def test_what_is_pending() -> None:
    named = NamedBoard()
    for at_s, found in ((0, [FULL]), (100, []), (200, [FULL, FEW])):
        named.board.look(at_s * 10**9, found, DISK)

    assert numbers(named, Told()) == [(3, "raised"), (4, "raised")]  # who begins is told what stands
    assert numbers(named, Told(named.name, {"mail": 1})) == [(2, "cleared"), (3, "raised"), (4, "raised")]
    assert numbers(named, Told(named.name, {"mail": 1}), Severity.CRITICAL) == [(2, "cleared"), (3, "raised")]
    assert numbers(named, Told(named.name, {"mail": 4})) == []
    assert numbers(named, Told("another", {"mail": 4})) == [(3, "raised"), (4, "raised")]
    named.board.events.clear()  # so long ago that nobody remembers
    assert numbers(named, Told(named.name, {"mail": 1})) == [(3, "raised"), (4, "raised")]


def test_patience_grows_to_a_quarter_of_an_hour() -> None:
    patience = Patience()

    waits = [patience.failed(0.0) for _ in range(10)]

    assert waits[:3] == [5.0, 10.0, 20.0] and waits[-1] == LONGEST_WAIT_S
    patience.succeeded()
    assert patience.is_over(0.0)


def test_nothing_that_an_alarm_brings_makes_a_second_line() -> None:
    named = NamedBoard()
    nasty = Alarm(Code.SWEEP_FAILED, {"store": "/s", "reason": 'a\r\nBcc: x@y\n"]\x1b[31m'}, about='e"]\\')
    [event] = named.board.look(BEGIN_NS, [nasty], {Code.SWEEP_FAILED})

    syslog = message.as_syslog(event, "ho st", "en")

    assert b"\n" not in syslog and b"\x1b" not in syslog and b'about="e\\"\\]\\\\"' in syslog
    assert b" ho-st recorder " in syslog
    assert "\nBcc" not in message.body([event], "en") and "\n" not in message.subject([event], "ja")


@pytest.mark.parametrize("text, words", [
    ('mail_to = ["a@b"]', "mail needs mail_from and mail_server"), ('mail_to = ["a b"]', "must be an address"),
    ('webhook_url = "http://192.0.2.1/"', "https://"), ('syslog_server = "log"', "with its port"),
    ('mail_user = "u"\nmail_security = "none"', "in the clear"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(text: str, words: str) -> None:
    _, faults = check(f"[tell]\n{text}\n".encode())

    assert words in str(faults[0])
