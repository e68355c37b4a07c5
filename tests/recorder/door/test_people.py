"""Accounts, appointments, logging in: reliability of who is who."""

from __future__ import annotations

import pyotp
import pytest

from recorder.door import operations
from recorder.door.acts.people import first_manager
from recorder.door.people.passwords import WeakPassword, require_strong
from recorder.door.people.second_factor import new_secret, step_of
from recorder.door.refusals import Refused
from recorder.door.rights import Right
from tests.recorder.door.scene import DAY_NS, SECOND_NS, Scene, Visitor


async def test_the_first_manager_comes_from_the_console_and_there_is_only_one(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()

        me = await manager.ask("me")
        with pytest.raises(Refused):
            await first_manager(scene.door, scene.now_ns, login="second", name="x", post="x", by="root")

    assert me.said["office"] == "松本市"
    assert [one["role"] for one in me.said["appointments"]] == ["manager"]
    assert "people" in me.said["rights"]


async def test_who_has_a_first_password_may_only_change_it_and_then_needs_a_second_factor(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        added = await manager.ask(
            "people.add", login="suzuki", name="鈴木", post="主査", ends_on="2027-03-31", role="operator"
        )
        suzuki = Visitor(scene, login="suzuki", password=added.said["password"])

        await suzuki.log_in()
        before = await suzuki.ask("people")
        await suzuki.ask("me.password", old=suzuki.password, new="a long enough phrase")
        suzuki.password = "a long enough phrase"
        await suzuki.log_in()
        between = await suzuki.ask("people")

    assert (before.why, between.why) == ("password_first", "second_factor_first")


async def test_a_wrong_login_a_wrong_password_and_an_ended_account_answer_alike(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await scene.appointed(manager, "tanaka", "operator")
        unknown = Visitor(scene, source="192.0.2.60", login="nobody", password="a long enough phrase")
        wrong = Visitor(scene, source="192.0.2.61", login="tanaka", password="another long phrase")
        answers = [await unknown.log_in(), await wrong.log_in()]

        scene.now_ns += 200 * DAY_NS  # after 31 March
        ended = Visitor(scene, source="192.0.2.62", login="tanaka", password="a long enough phrase")
        answers.append(await ended.log_in())

    assert [(one.status, one.why) for one in answers] == [(401, "wrong")] * 3


async def test_a_guesser_is_slowed_down_and_the_person_at_his_own_desk_is_not(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        guesser = Visitor(scene, source="198.51.100.9", login="kanri", password="guess guess guess")

        answers = [(await guesser.log_in()).status for _ in range(60)]
        many = [
            (await Visitor(scene, source=f"198.51.100.{n}", login="kanri", password="guess guess").log_in()).status
            for n in range(10, 60)
        ]
        scene.wait(1)
        own = await manager.log_in()

    assert answers.count(401) <= 6 and answers.count(429) >= 54
    assert many.count(429) > 20  # from many machines, too
    assert own.said["token"]


async def test_a_dismissed_person_is_out_at_once(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        assert (await operator.ask("me")).status == 200
        everybody = (await manager.ask("people")).said["people"]
        [given] = next(one for one in everybody if one["login"] == "suzuki")["appointments"]
        await manager.prove()

        done = await manager.ask("people.dismiss", appointment=given["number"], reason="異動")
        after = await operator.ask("me")
        kinds = await scene.kinds()

    assert (done.status, after.why) == (200, "not_logged_in")
    assert kinds[-1] == "dismissed"


async def test_a_code_counts_once(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        scene.wait(30)
        code = manager.code()
        tickets = [
            (await manager.ask("login", login="kanri", password=manager.password)).said["ticket"] for _ in range(2)
        ]

        first, second = [await manager.ask("login.code", ticket=ticket, code=code) for ticket in tickets]

    assert first.said["token"] and second.why == "wrong"


async def test_a_recovery_code_stands_for_a_lost_telephone_once(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        answers = []
        for _ in range(2):
            ticket = (await manager.ask("login", login="kanri", password=manager.password)).said["ticket"]
            answers.append(await manager.ask("login.code", ticket=ticket, code=manager.codes[0].upper()))

    assert [one.status for one in answers] == [200, 401]


async def test_new_recovery_codes_take_the_place_of_all_before_and_need_the_telephone(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        scene.wait(301)
        without = await manager.ask("me.recovery.new")
        await manager.prove()
        new = (await manager.ask("me.recovery.new")).said["codes"]
        left = (await manager.ask("me")).said["recovery_codes"]
        answers = []
        for code in (manager.codes[0], new[0]):
            ticket = (await manager.ask("login", login="kanri", password=manager.password)).said["ticket"]
            answers.append(await manager.ask("login.code", ticket=ticket, code=code))
        kinds = await scene.kinds()

    assert (without.why, left, len(set(new))) == ("prove_again", 10, 10)
    assert [one.status for one in answers] == [401, 200]
    assert kinds.count("recovery_codes_renewed") == 1


async def test_whoever_ends_his_session_at_another_machine_finds_it_in_the_register(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        elsewhere = Visitor(scene, source="192.0.2.99", login="kanri", password=manager.password, secret=manager.secret)
        scene.wait(30)
        await elsewhere.log_in()
        [there] = [one for one in (await manager.ask("me.sessions")).said["sessions"] if one["source"] == "192.0.2.99"]
        stranger = await scene.appointed(manager, "tanaka", "operator")
        foreign = await stranger.ask("me.sessions.end", number=there["number"])
        still = await elsewhere.ask("me")
        ended = await manager.ask("me.sessions.end", number=there["number"])
        after = await elsewhere.ask("me")
        entries = [entry for entry in await scene.register() if entry.kind == "logout"]

    assert (foreign.why, still.status, ended.status, after.status) == ("not_found", 200, 200, 401)
    assert [entry.fields["source"] for entry in entries] == ["192.0.2.99"]


async def test_a_session_ends_after_a_quarter_of_an_hour_idle_and_after_eight_hours(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        scene.wait(14 * 60)
        within = await manager.ask("me")
        scene.wait(16 * 60)
        idle = await manager.ask("me")
        await manager.log_in()
        for _ in range(8 * 6):
            scene.wait(10 * 60)
            last = await manager.ask("me")
        scene.wait(60)
        absolute = await manager.ask("me")

    assert [one.status for one in (within, idle, last, absolute)] == [200, 401, 200, 401]


async def test_appointing_asks_for_the_second_factor_again(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        scene.wait(6 * 60)
        asked = {"login": "suzuki", "name": "鈴木", "post": "主査", "ends_on": "2027-03-31", "role": "operator"}

        before = await manager.ask("people.add", **asked)
        await manager.prove()
        after = await manager.ask("people.add", **asked)

    assert (before.why, after.status) == ("prove_again", 200)


async def test_a_deputy_acts_only_while_the_manager_is_away(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        deputy = await scene.appointed(manager, "dairi", "deputy")

        there = await deputy.ask("people")
        await manager.ask("people.absent", is_away=True)
        away = await deputy.ask("people")
        await manager.ask("people.absent", is_away=False)
        back = await deputy.ask("people")

    assert [one.status for one in (there, away, back)] == [404, 200, 404]


async def test_a_section_s_manager_sees_and_appoints_people_of_his_section_alone(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")
        await manager.prove()
        await scene.appointed(manager, "fukushi", "operator", "福祉課", source="192.0.2.52")

        seen = [one["login"] for one in (await tax.ask("people")).said["people"]]
        asked = {"login": "sato", "name": "佐藤", "post": "主事", "ends_on": "2027-03-31", "role": "operator"}
        elsewhere = [await tax.ask("people.add", **asked, section=section) for section in ("福祉課", "")]
        own = await tax.ask("people.add", **asked, section="税務課")
        other = next(one for one in (await manager.ask("people")).said["people"] if one["login"] == "fukushi")
        closed = await tax.ask("people.close", account=other["id"])

    assert seen == ["zeimu"]
    assert [one.why for one in elsewhere] == ["not_understood"] * 2
    assert (own.status, closed.why) == (200, "not_found")


async def test_nobody_appoints_or_closes_himself(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        me = (await manager.ask("me")).said["account"]

        answers = [
            await manager.ask("people.appoint", account=me, role="auditor"),
            await manager.ask("people.close", account=me),
            await manager.ask("people.reset", account=me),
        ]

    assert [(one.why, one.said["detail"]) for one in answers] == [("not_understood", "oneself")] * 3


async def test_what_was_done_to_people_stands_in_the_register_under_the_name_of_who_did_it(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await scene.appointed(manager, "suzuki", "operator")
        entries = await scene.register()

    appointed = [entry for entry in entries if entry.kind == "appointed"]
    assert [(entry.who, entry.fields["login"], entry.fields["role"]) for entry in appointed] == [
        ("console", "kanri", "manager"), ("kanri", "suzuki", "operator"),
    ]  # fmt: skip
    text = repr(entries)
    assert manager.password not in text and manager.secret not in text


async def test_without_a_register_nothing_is_done(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        folder = scene.store / "register"
        for one in folder.iterdir():
            one.rename(one.with_suffix(".gone"))
        (folder / "00000001.jsonl").write_bytes(b"nothing" * 200_000)

        answer = await manager.ask(
            "people.add", login="suzuki", name="鈴木", post="主査", ends_on="2027-03-31", role="operator"
        )
        everybody = await manager.ask("people")

    assert (answer.status, answer.why) == (503, "no_register")
    assert [one["login"] for one in everybody.said["people"]] == ["kanri"]


async def test_unknown_operations_and_malformed_requests_have_a_reason(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()

        answers = [
            await manager.ask("no.such.thing"),
            await manager.ask("people.add", login="Ünsafe"),
            await manager.ask("people.close", account="../../etc/passwd"),
            await scene.ask("people.close", [1, 2], token=manager.token),
            await scene.ask("people", {}, token="forged"),
        ]

    assert [one.why for one in answers] == ["not_found", *["not_understood"] * 3, "not_logged_in"]


def test_each_operation_has_a_right_and_only_logging_in_is_for_anybody():
    open_to_all = {name for name, one in operations.TABLE.items() if one.right is Right.ANYBODY}

    assert open_to_all == {"login", "login.code", "login.ways", "login.openid", "login.openid.return"}


@pytest.mark.parametrize(
    "password, reason",
    [("short", "too_short"), ("x" * 300, "too_long"), ("aaaaaaaaaaaaaa", "too_easy"), ("password12345", "too_easy"),
     ("suzuki-2026-suzuki", "too_easy")],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_is_refused(password, reason):
    with pytest.raises(WeakPassword) as refused:
        require_strong(password, login="suzuki")

    assert refused.value.reason == reason


def test_full_width_digits_are_a_code_too():
    secret = new_secret()
    digits = pyotp.TOTP(secret).at(1_000_000_020)
    wide = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in digits)

    assert step_of(secret, wide, 1_000_000_020 * SECOND_NS, after=0) == 1_000_000_020 // 30
    assert step_of(secret, "²²²²²²", 1_000_000_020 * SECOND_NS, after=0) is None
