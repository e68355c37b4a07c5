"""Passwords that the office's directory checks, with a real slapd."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import replace

import pytest

from recorder.door.people.directory import Directory, Unreachable
from recorder.problems import Unusable
from recorder.settings import Settings
from recorder.settings.checking import check
from recorder.settings.directory import Directory as DirectorySettings
from tests.recorder.door.scene import Scene, Visitor
from tests.recorder.door.slapd import BASE, READER, free_port, slapd

USER = f"uid={{login}},ou=people,{BASE}"
HOSTILE = ("*", "suzuki)(uid=*", "*)(objectClass=*", "suzuki,ou=people", "su\\zuki", "suzuki\0", "", "#04")


def asking(one, **more):
    given = {"user": USER, "local": ("kanri",), "ca": str(one.ca), **more}
    return DirectorySettings(**{"server": f"ldaps://localhost:{one.port}", **given})


def looking_up(one, **more):
    given = {"user": "", "base": BASE, "filter": "(uid={login})", "account": READER,
             "password_file": str(one.ca.parent / "reader.secret")}  # fmt: skip
    return asking(one, **{**given, **more})


@contextlib.contextmanager
def directory(settings):
    made = Directory(settings)
    try:
        yield made
    finally:
        made.close()


def scene_with(tmp_path, settings):
    scene = Scene(tmp_path / "scene")
    scene.settings = replace(scene.settings, directory=settings)
    return scene


async def test_who_is_let_in_and_who_is_not(tmp_path):
    async with slapd(tmp_path / "slapd") as one:
        plain = asking(one, server=f"ldap://localhost:{one.plain_port}")
        for settings in (asking(one), plain, looking_up(one)):
            with directory(settings) as asked:
                assert await asked.vouches_for("suzuki", "suzuki's password")
                assert not await asked.vouches_for("suzuki", "sato's password")
                assert not await asked.vouches_for("suzuki", ""), "an unauthenticated bind succeeds for anybody"
                assert not await asked.vouches_for("nobody-here", "suzuki's password")
                assert not await asked.vouches_for("mori", "mori's password"), "locked"
                assert not await asked.vouches_for("ueda", "ueda's password"), "expired"
                for login in HOSTILE:
                    assert not await asked.vouches_for(login, "suzuki's password"), login
        with directory(looking_up(one)) as asked:
            assert not await asked.vouches_for("twin", "twin's password"), "two of one login"
            # Of a referral nothing is found; where it points to nobody listens, and nobody is asked.
            assert not await asked.vouches_for("refer", "any")
        with directory(asking(one)) as asked:
            assert not await asked.vouches_for("refer", "any")


async def test_no_password_goes_to_a_server_that_isn_t_the_one(tmp_path):
    async with slapd(tmp_path / "slapd") as one:
        stranger = asking(one, ca=str(one.ca.parent / "other.pem"))
        by_address = asking(one, server=f"ldaps://127.0.0.1:{one.port}")
        for settings in (stranger, by_address, asking(one, ca="")):
            with directory(settings) as asked, pytest.raises(Unreachable, match="(?i)certificate|hostname|names"):
                await asked.vouches_for("suzuki", "suzuki's password")
        with directory(looking_up(one, account="cn=nobody")) as asked, pytest.raises(Unreachable, match="let cn=nob"):
            await asked.vouches_for("suzuki", "suzuki's password")


async def test_one_that_says_nothing_is_given_up_after_seconds():
    silent = socket.create_server(("127.0.0.1", 0))  # the kernel takes the connection, and nobody reads it
    port = silent.getsockname()[1]
    began = asyncio.get_running_loop().time()
    settings = DirectorySettings(server=f"ldaps://localhost:{port}", user=USER, local=("kanri",))
    with directory(settings) as asked, pytest.raises(Unreachable):
        await asked.vouches_for("suzuki", "x")
    silent.close()
    assert asyncio.get_running_loop().time() - began < 7


async def test_somebody_logs_in_with_the_office_s_password_and_his_own_code(tmp_path):
    async with slapd(tmp_path / "slapd") as one, scene_with(tmp_path, asking(one)) as scene:
        manager = await scene.manager()
        await manager.prove()
        added = await manager.ask(
            "people.add", login="suzuki", name="鈴木 一郎", post="人事課", ends_on="2027-03-31", role="operator",
        )  # fmt: skip
        assert added.said["password"] == "", "there is none to hand over"
        clerk = Visitor(scene, login="suzuki", password="suzuki's password")
        assert (await clerk.log_in()).status == 200
        me = (await clerk.ask("me")).said
        assert (me["password_first"], me["password_elsewhere"], me["second_factor_first"]) == (False, True, True)
        assert (await clerk.ask("sections")).why == "second_factor_first"
        clerk.secret = (await clerk.ask("me.factor.new")).said["secret"]
        assert (await clerk.ask("me.factor.confirm", secret=clerk.secret, code=clerk.code())).status == 200
        changed = await clerk.ask("me.password", old="suzuki's password", new="another long phrase")
        assert changed.why == "conflict"

        again = await clerk.ask("login", login="Suzuki", password="suzuki's password")
        assert again.said["ticket"] and not again.said["token"], "the code is asked for all the same"
        for login, password in (("suzuki", ""), ("suzuki", "no"), ("sato", "sato's password")):
            # sato is somebody in the directory, and nobody here.
            assert (await clerk.ask("login", login=login, password=password)).why == "wrong"

        await manager.prove()
        person = added.said["account"]
        assert (await manager.ask("people.close", account=person)).status == 200
        assert (await clerk.ask("login", login="suzuki", password="suzuki's password")).why == "wrong"
        entries = await scene.register()
    assert [entry.fields["how"] for entry in entries if entry.kind == "login"][-1] == "directory"


async def test_while_it_is_down_those_of_the_door_come_in(tmp_path, caplog):
    settings = DirectorySettings(server=f"ldaps://localhost:{free_port()}", user=USER, local=("kanri",))
    async with scene_with(tmp_path, settings) as scene:
        manager = await scene.manager()
        refused = await Visitor(scene).ask("login", login="suzuki", password="suzuki's password")
        assert (refused.why, refused.said["field"]) == ("not_now", "directory")
        assert (await manager.log_in()).status == 200
        kinds = await scene.kinds()
    assert "The directory ldaps://localhost" in caplog.text and "suzuki" not in caplog.text
    assert "kanri came in with a password of the door's own" in caplog.text
    assert "login_failed" not in kinds, "nobody was wrong"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('server = "dc1.example.jp"\n', "must be a server such as"),
        ('server = "ldap://dc1:99999"\n', "must be a server such as"),
        ('server = "ldaps://dc1"\nlocal = ["kanri"]\n', "give one of the two"),
        ('server = "ldaps://dc1"\nuser = "someone"\nlocal = ["kanri"]\n', "must have {login} in it"),
        ('server = "ldaps://dc1"\nfilter = "uid={login}"\nlocal = ["kanri"]\n', "must stand in brackets"),
        ('server = "ldaps://dc1"\nfilter = "(uid={login})"\nlocal = ["kanri"]\n', "is needed to look people up"),
        ('server = "ldaps://dc1"\nuser = "{login}@example.jp"\n', "must name at least one login"),
    ],
)
def test_what_is_wrong_with_its_settings_is_said_in_a_sentence(text, said):
    _, faults = check(f"[directory]\n{text}".encode(), Settings)
    assert len(faults) == 1 and said in str(faults[0]) and "directory" in str(faults[0])


def test_files_that_can_t_be_read_are_named(tmp_path):
    settings = DirectorySettings(server="ldaps://dc1", user=USER, local=("kanri",), ca=str(tmp_path / "no.pem"))
    with pytest.raises(Unusable, match=r"no\.pem can't be read"):
        Directory(settings)
