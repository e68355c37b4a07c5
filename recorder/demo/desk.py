"""A desk to try: a store of some hundred made-up calls, its door, its pages, and accounts that are printed.

Run as `python -m recorder.demo.desk DIR [--office NAME] [--port N]` (`make demo-desk`). Passwords and second factors of
these accounts stand on the console, so it listens on this machine alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyotp
import tomli_w
import uvicorn

from recorder.dates import at
from recorder.demo import at_work
from recorder.demo.fill import fill
from recorder.demo.office import NEVER_RECORDED, SECTIONS, calls_of, days_until
from recorder.desk.app import application as pages
from recorder.desk.asking import door_at
from recorder.door.door import Door
from recorder.door.listen import bound, serve
from recorder.door.office.prompt import as_wav
from recorder.door.people import second_factor
from recorder.door.rights import Role
from recorder.serving import run as run_server
from recorder.settings import Settings, load

CONFIG = "recorder.toml"
PASSWORD = "demo-desk-2026"


@dataclass(frozen=True, slots=True)
class Account:
    login: str
    name: str
    post: str
    role: Role
    section: str = ""


ACCOUNTS = (
    Account("kanri", "管理 花子", "総務課長", Role.MANAGER),
    Account("dairi", "代理 次郎", "総務課 課長補佐", Role.DEPUTY),
    Account("toriatsukai", "取扱 一郎", "総務課 主査", Role.OPERATOR),
    Account("zeimu", "税務 良子", "税務課長", Role.APPLICANT, "税務課"),
    Account("jutaku", "受託 三郎", "運営受託者", Role.CONTRACTOR),
    Account("kansa", "監査 誠", "監査委員事務局", Role.AUDITOR),
    Account("hoshu", "保守 健", "委託業者", Role.MAINTENANCE),
)
# Where the head of each section is its manager (Shinagawa 3), one of them too, for his section alone.
OF_SECTIONS = (Account("fukushi", "福祉 正", "福祉課長", Role.MANAGER, "福祉課"),)


def accounts_of(office: str) -> tuple[Account, ...]:
    return (*ACCOUNTS, *OF_SECTIONS) if office == "shinagawa" else ACCOUNTS


NOTICE = "お電話ありがとうございます。この通話は、正確な対応のため録音しております。"


def settings(office: str, folder: Path) -> Settings:
    """Those of the office that doesn't exist, under the regulation of one that does; written into the folder."""
    path, notice = folder / CONFIG, folder.absolute() / "notice.wav"
    notice.write_bytes(chime(seconds=3))
    path.write_text(
        tomli_w.dumps({
            "policy": {"office": office}, "lines": {"never_record": [NEVER_RECORDED]},
            "sections": [{"name": one.name, "extensions": list(one.extensions)} for one in SECTIONS],
            "status": {"live": str(folder / "live.json"), "folder": str(folder)},
            "announcement": {"prompts": [{"file": str(notice), "text": NOTICE}]}, "notice": {"prompts": [str(notice)]},
            "desk": {"changes": str(folder.absolute() / "office.toml")},
        }),
        "utf-8",
    )  # fmt: skip
    return load(path)


def chime(*, seconds: float) -> bytes:
    """Four tones, in place of a voice, as a WAV."""
    count = round(seconds * 8000) // 4
    at_s = np.arange(4 * count) / 8000
    tones = np.repeat([523.25, 659.25, 783.99, 1046.5], count)
    loud = np.exp(-4 * (at_s % (count / 8000)))
    return as_wav((8000 * loud * np.sin(2 * np.pi * tones * at_s)).astype(np.int16))


async def make(folder: Path, office: str, now_ns: int, *, days: int = 7, per_day: int = 60) -> dict[str, str]:
    """The store and the accounts, in an empty folder; the second factor's secret of each login."""
    chosen = settings(office, folder)
    today = at(now_ns).date()
    calls = calls_of(days_until(today - timedelta(days=1), days), per_day, talk_s=8.0)
    await fill(folder / "store", calls, chosen)
    found = {}
    async with await Door.open(folder / "store", folder / "door", chosen) as door:
        for one in accounts_of(office):
            account = await door.people.add(
                login=one.login, name=one.name, post=one.post, ends_on=date(today.year + 1, 3, 31), must_change=False,
                password=await door.passwords.hash(PASSWORD),
            )  # fmt: skip
            found[one.login] = secret = second_factor.new_secret()
            codes = [second_factor.recovery_digest(code) for code in second_factor.new_recovery_codes()]
            await door.people.set_factor(account, door.sealed.seal(secret, account), codes)
            await door.people.appoint(account, one.role, one.section, now_ns=now_ns, until_ns=None, by="demo")
    return found


async def run(folder: Path, office: str, port: int, say: Callable[[str], None]) -> None:
    """Until it is interrupted."""
    secrets = await make(folder, office, time.time_ns())
    say(f"\nhttp://localhost:{port}/   パスワード（全員）: {PASSWORD}\n")
    for one in accounts_of(office):
        say(f"  {one.login:<12} {one.role:<12} {one.name}（{one.post}）")
    say("\n確認コード（30秒ごとに変わります。1つのコードは1回だけ使えます）:")
    at_port = socket.create_server(("127.0.0.1", port))
    listening = bound(folder / "socket", mode=0o600)
    chosen, config = settings(office, folder), folder / CONFIG
    async with await Door.open(folder / "store", folder / "door", chosen, config=config) as door:
        served = uvicorn.Config(
            pages(door_at(str(folder / "socket"))), log_level="warning", access_log=False, ws="none", lifespan="off",
        )  # fmt: skip
        tasks = [
            asyncio.create_task(serve(door, listening, frozenset())),
            asyncio.create_task(run_server(uvicorn.Server(served), at_port)),
            asyncio.create_task(_codes(secrets, say)),
            asyncio.create_task(at_work.keep_on(chosen.status, folder / "store")),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)


async def _codes(secrets: dict[str, str], say: Callable[[str], None]) -> None:
    while True:
        now = time.time()
        say("  " + "   ".join(f"{login} {pyotp.TOTP(secret).at(int(now))}" for login, secret in secrets.items()))
        await asyncio.sleep(30 - now % 30)


def main() -> None:
    parser = argparse.ArgumentParser(description="A desk to try, with made-up calls.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--office", default="matsumoto")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(mode=0o700, parents=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(given.folder, given.office, given.port, lambda text: print(text, file=sys.stdout, flush=True)))


if __name__ == "__main__":
    main()
