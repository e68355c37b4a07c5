"""Pictures of whole cases, for the handbook: from the application to the copy's end; what other offices do otherwise.

Each step that is pictured is also done, so the pages that `pictures` takes afterwards have something in them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import Page

if TYPE_CHECKING:
    from tests.recorder.desk.pictures import Album, Desk


async def cases(desk: Desk, album: Album, manager: Page) -> None:
    """Matsumoto: a section's head, a citizen and the police ask; one copy goes out, and one call isn't there."""
    applicant = await desk.logged_in("zeimu")
    number = await _apply(desk, album, applicant)
    await manager.goto(f"{desk.address}/applications/{number}")
    await album.take("application-candidates", manager)
    await decide(manager)
    await album.take("application-decided", manager)
    await manager.locator("#r-document").fill("松人第10号")
    await _press(manager, "回答書を作る")
    await album.take("application-replied", manager)
    await applicant.goto(f"{desk.address}/applications/{number}")
    await album.take("application-applicant", applicant)
    await manager.goto(f"{desk.address}/applications/{number}/papers/reply/html")
    await album.take("paper-reply", manager)
    await manager.goto(f"{desk.address}/applications/{number}")
    await _copy(desk, album, manager)
    await _not_stored(desk, album, applicant, manager)
    await _citizen(desk, album, manager)
    await _police(desk, album, manager)


async def other_offices(desk: Desk, album: Album, office: str) -> None:
    """What is otherwise under this regulation."""
    manager = await desk.logged_in("kanri")
    call = await desk.a_call()
    await manager.goto(f"{desk.address}/calls/{call}")
    await album.take(f"call-{office}", manager)
    if office in ("yamagata", "kumamoto"):
        applicant = await desk.logged_in("zeimu")
        await applicant.goto(f"{desk.address}/applications/new")
        await album.take(f"application-{office}", applicant)
    if office == "saitama":
        await _contractor(desk, album, manager, call)


async def decide(manager: Page) -> None:
    """It is given, since the mayor thinks it necessary (Matsumoto 8 (1) 3)."""
    if not await manager.locator("input[name=calls]:checked").count():
        await manager.locator("input[name=calls]").first.check()
    await manager.get_by_label("提供する", exact=True).check()
    await manager.locator("select[name=ground]").select_option("mayor")
    await manager.get_by_label(re.compile("^理由（提供しない")).fill("応対の内容を確かめる必要がある。")
    await _press(manager, "決定する")


async def _apply(desk: Desk, album: Album, applicant: Page) -> str:
    await applicant.goto(f"{desk.address}/applications/new")
    await applicant.get_by_label(re.compile("^通話した日")).first.fill("昨日")
    await applicant.get_by_label(re.compile("^時刻")).first.fill("午後2時ごろ")
    await applicant.get_by_label(re.compile("^相手方の電話番号")).first.fill("1212")
    await applicant.get_by_label(re.compile("^利用目的の説明")).fill("納税相談での応対内容の確認")
    await album.take("applications-filled", applicant)
    await _press(applicant, "申請する")
    return applicant.url.rsplit("/", 1)[1].partition("?")[0]


async def _copy(desk: Desk, album: Album, manager: Page) -> None:
    await manager.get_by_label("媒体", exact=True).select_option("usb")
    await manager.get_by_role("radio", name=re.compile("^暗号化したZIP")).check()
    await _press(manager, "複製を作る")
    await album.take("copies-ready", manager)
    await manager.get_by_role("link", name="複製の画面へ").click()
    await manager.wait_for_load_state()
    await album.take("copy-made", manager)
    await manager.get_by_label(re.compile("^提供先")).fill("税務課長")
    await manager.get_by_label(re.compile("^受け取った人の氏名")).fill("税務 良子")
    await manager.get_by_label("上の事項を守ることを確かめた").check()
    await _press(manager, "提供を記録する")
    await album.take("copy-out", manager)
    path = manager.url.partition("?")[0]
    for paper in ("receipt", "destruction"):
        await manager.goto(f"{path}/papers/{paper}/html")
        await album.take(f"paper-{paper}", manager)


async def _not_stored(desk: Desk, album: Album, applicant: Page, manager: Page) -> None:
    await applicant.goto(f"{desk.address}/applications/new")
    await applicant.get_by_label(re.compile("^通話した日")).first.fill("昨日")
    await applicant.get_by_label(re.compile("^時刻")).first.fill("10時")
    await applicant.get_by_label(re.compile("^相手方の電話番号")).first.fill("0263-00-9999")
    await applicant.get_by_label(re.compile("^利用目的の説明")).fill("応対内容の確認")
    await _press(applicant, "申請する")
    await manager.goto(f"{desk.address}{_path(applicant)}")
    await album.take("application-not-stored", manager)


async def _typed_in(desk: Desk, manager: Page, asks: str, applicant: str, name: str, document: str) -> None:
    """A paper that came by post or at the counter."""
    await manager.goto(f"{desk.address}/applications/new?call={await desk.a_call()}")
    await manager.get_by_label(asks).check()
    await manager.get_by_label(re.compile("^利用目的の説明")).fill("書面のとおり")
    await manager.get_by_label(re.compile("^文書番号")).fill(document)
    await manager.get_by_text("紙の申請を代わりに入力するとき").first.click()
    await manager.get_by_label("紙で受け付けた申請です").check()
    await manager.get_by_label("申請者の職・機関名").fill(applicant)
    await manager.get_by_label("申請者の氏名").fill(name)
    await _press(manager, "申請する")


async def _citizen(desk: Desk, album: Album, manager: Page) -> None:
    await _typed_in(desk, manager, "本人からの開示請求", "請求者", "市民 太郎", "")
    await album.take("application-identity", manager)
    await manager.get_by_label("運転免許証").check()
    await manager.get_by_label("本人又は代理人と確認した").check()
    await manager.get_by_label(re.compile("^照らし合わせた他の情報")).fill("通話の日時、用件")
    await _press(manager, "本人確認を記録する")


async def _police(desk: Desk, album: Album, manager: Page) -> None:
    await _typed_in(desk, manager, "捜査機関などからの照会", "見本警察署長", "", "見警刑発第45号")
    await album.take("application-call-back", manager)


async def _contractor(desk: Desk, album: Album, manager: Page, call: str) -> None:
    await manager.goto(f"{desk.address}/instructions?calls={call}")
    for label, text in (
        ("指示書の番号", "広第123号"), ("期限（この日まで）", "12/4"), ("指示の内容", "出力データの作成（DVD-R 1枚）"),
    ):  # fmt: skip
        await manager.get_by_label(re.compile(f"^{re.escape(label)}")).first.fill(text)
    await album.take("instructions-filled", manager)
    await _press(manager, "指示する")
    contractor = await desk.logged_in("jutaku")
    await contractor.goto(f"{desk.address}/instructions")
    await contractor.get_by_text("出力データを作る").first.click()
    await album.take("instructions-contractor", contractor)
    await _press(contractor, "複製を作る")
    await contractor.get_by_role("link", name="複製の画面へ").click()
    await contractor.wait_for_load_state()
    await album.take("copy-contractor", contractor)
    path = _path(contractor)
    await _press(contractor, "提出を記録する")
    await manager.goto(f"{desk.address}{path}/papers/delivery/html")
    await album.take("paper-delivery", manager)


async def _press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).first.click()
    await page.wait_for_load_state()


def _path(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3].partition("?")[0]
