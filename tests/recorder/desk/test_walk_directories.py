"""Logging in by the office's directory, and by its OpenID provider, in Chromium, to the morning page."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from recorder.door.rights import Role
from recorder.settings.openid import OpenId as OpenIdSettings
from tests.recorder.desk.clerk import browser, playwright
from tests.recorder.desk.served import Served, code_of, needs_chromium, served
from tests.recorder.door.issuer import CLIENT, SECRET, Issuer, issuing
from tests.recorder.door.slapd import slapd
from tests.recorder.door.test_directory import asking

pytestmark = needs_chromium


async def appoint_suzuki(desk):
    """An account without a password of its own, and a role."""
    now_ns = time.time_ns()
    account = await desk.door.people.add(
        login="suzuki", name="鈴木 一郎", post="人事課 主査", ends_on=date.max, password="none"
    )
    await desk.door.people.appoint(account, Role.OPERATOR, "", now_ns=now_ns, until_ns=None, by="console")


async def register_telephone(clerk):
    secret = (await clerk.page.inner_text(".secret")).replace(" ", "")
    await clerk.fill("アプリに表示された6桁の数字", code_of(secret))
    await clerk.click("登録する")
    await clerk.click("控えました", "link")
    assert "今日の状況" in await clerk.text()
    return secret


async def test_by_the_directory_to_the_morning_page(tmp_path):
    desk = Served(tmp_path / "desk")
    async with slapd(tmp_path / "slapd") as one:
        desk.settings = replace(desk.settings, directory=asking(one))
        async with served(desk), browser(desk) as (clerk, _):
            await appoint_suzuki(desk)
            await clerk.go("/")
            await clerk.fill("利用者ID", "suzuki")
            await clerk.fill("パスワード", "suzuki's password")
            await clerk.click("ログイン")
            await register_telephone(clerk)
            await clerk.go("/account")
            assert await clerk.page.get_by_role("link", name="パスワードの変更").count() == 0
            await clerk.check()
            await clerk.click("確認コードの設定", "link")
            await clerk.check()
            await clerk.click("回復コードを作り直す")
            assert len(await clerk.page.query_selector_all(".codes li")) == 10


async def test_by_the_provider_and_the_code_to_the_morning_page(tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    desk = Served(tmp_path / "desk")
    async with issuing(Issuer()) as issuer:
        settings = OpenIdSettings(
            issuer=issuer.address, client=CLIENT, secret_file=str(tmp_path / "secret"), desk="http://localhost",
            domain="city.example.jp", local=("kanri",),
        )  # fmt: skip
        desk.settings = replace(desk.settings, openid=settings)
        async with served(desk), browser(desk) as (clerk, _):
            # The desk's port is known only now; the provider is of another site: 127.0.0.1 instead of localhost.
            object.__setattr__(desk.door.openid._settings, "desk", desk.address)
            await appoint_suzuki(desk)
            await clerk.go("/login")
            await clerk.check()
            await clerk.click("庁内のアカウントでログイン", "link")
            assert urlsplit(clerk.page.url).path == "/login/openid/return"
            clerk.complaints = [one for one in clerk.complaints if not one.startswith(f"asked {issuer.address}")]
            await clerk.check()
            await clerk.click("続ける", "link")
            secret = await register_telephone(clerk)
            await clerk.click("ログアウト")
            await clerk.click("庁内のアカウントでログイン", "link")
            await clerk.fill("確認コード", code_of(secret, step=1))
            await clerk.page.locator("main button").click()
            await playwright.expect(clerk.page.locator("h1")).to_contain_text("今日の状況")
