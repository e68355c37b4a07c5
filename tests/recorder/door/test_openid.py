"""Logging in by an OpenID provider, with one of our own that tells the truth, and with one that doesn't."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from recorder.desk.cookies import OPENID
from recorder.settings import Settings
from recorder.settings.checking import check
from recorder.settings.openid import OpenId as OpenIdSettings
from tests.recorder.desk.test_routes import Desk
from tests.recorder.door.issuer import CLIENT, SECRET, Issuer, issuing, unsigned
from tests.recorder.door.scene import SECOND_NS, Scene, Visitor


@asynccontextmanager
async def office(tmp_path, **more):
    """A scene with a provider, a manager, and suzuki, whom the manager appointed."""
    scene = Scene(tmp_path)
    issuer = Issuer(clock=lambda: scene.now_ns / SECOND_NS)
    (tmp_path / "secret").write_text(SECRET + "\n")
    async with issuing(issuer):
        settings = OpenIdSettings(
            issuer=issuer.address, client=CLIENT, secret_file=str(tmp_path / "secret"), desk="https://desk.example.jp",
            domain="city.example.jp", local=("kanri",), **more,
        )  # fmt: skip
        scene.settings = replace(scene.settings, openid=settings)
        async with scene:
            manager = await scene.manager()
            await manager.prove()
            added = await manager.ask(
                "people.add", login="suzuki", name="鈴木 一郎", post="人事課", ends_on="2027-03-31", role="operator",
            )  # fmt: skip
            assert added.said["password"] == ""
            yield scene, issuer, manager, added.said["account"]


async def sent(clerk):
    """What the browser brings back from the provider."""
    begun = (await clerk.ask("login.openid")).said
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(begun["url"])
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    return {"code": back["code"][0], "state": back["state"][0], "binding": begun["binding"]}


async def log_in(clerk):
    return await clerk.ask("login.openid.return", **await sent(clerk))


async def test_somebody_comes_in_by_the_provider_and_his_own_code(tmp_path):
    async with office(tmp_path) as (scene, _, manager, account):
        clerk = Visitor(scene, login="suzuki")
        clerk.token = (await log_in(clerk)).said["token"]
        me = (await clerk.ask("me")).said
        assert (me["login"], me["password_first"], me["second_factor_first"]) == ("suzuki", False, True)
        clerk.secret = (await clerk.ask("me.factor.new")).said["secret"]
        assert (await clerk.ask("me.factor.confirm", secret=clerk.secret, code=clerk.code())).status == 200
        again = (await log_in(clerk)).said
        assert again["ticket"] and not again["token"], "the code is asked for all the same"
        scene.wait(30)
        assert (await clerk.ask("login.code", ticket=again["ticket"], code=clerk.code())).said["token"]

        await manager.prove()
        assert (await manager.ask("people.close", account=account)).status == 200
        assert (await log_in(clerk)).why == "wrong", "whom the manager has ended, whatever the provider says"
        entries = await scene.register()
    assert [entry.fields["how"] for entry in entries if entry.kind == "login"][-2:] == ["openid", "openid_code"]


def of_the_public_key(issuer):
    """HS256, whose key is the text of the public one (RFC 8725 2.1)."""

    def made(claims):
        key = issuer.key.as_pem(private=False)
        parts = [{"alg": "HS256", "kid": "one", "typ": "JWT"}, claims]
        text = b".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts)
        signature = urlsafe_b64encode(hmac.digest(key, text, hashlib.sha256)).rstrip(b"=")
        return (text + b"." + signature).decode()

    return made


async def test_what_doesn_t_prove_him_lets_nobody_in(tmp_path, caplog):
    async with office(tmp_path) as (scene, issuer, _, _):
        clerk = Visitor(scene)
        now = scene.now_ns // SECOND_NS
        honest = issuer.signed
        for claims, said in (
            ({"iss": "https://login.evil.example"}, "another issuer"), ({"aud": "another"}, "somebody else"),
            ({"aud": [CLIENT, "another"]}, "somebody else"), ({"azp": "another"}, "somebody else"),
            ({"exp": now - 61}, "expired"), ({"exp": "never"}, "expired"), ({"iat": now + 600}, "future"),
            ({"nonce": "another"}, "another login"), ({"preferred_username": "suzuki@evil.example"}, "another domain"),
            ({"preferred_username": "suzuki"}, "another domain"), ({"preferred_username": 5}, "doesn't say"),
            ({"preferred_username": "\u017fuzuki@city.example.jp"}, "letters that no login here has"),  # a long s
            ({"preferred_username": "sato@city.example.jp"}, "no open account"),
            ({"preferred_username": "kanri@city.example.jp"}, "no open account"),  # the door's own alone
        ):  # fmt: skip
            issuer.claims = claims
            scene.wait(600)
            issuer.claims |= {"exp": scene.now_ns // SECOND_NS - 61} if claims.get("exp") == now - 61 else {}
            issuer.claims |= {"iat": scene.now_ns // SECOND_NS + 600} if "iat" in claims else {}
            caplog.clear()
            answer = await log_in(clerk)
            assert (answer.why, answer.said["field"]) == ("wrong", "openid"), claims
            assert said in caplog.text, (claims, caplog.text)
        issuer.claims = {}
        stranger = Issuer(address=issuer.address)
        for token in (unsigned, of_the_public_key(issuer), stranger.signed, lambda claims: honest(claims)[:-4] + "AAAA",
                      lambda claims: "no token", lambda claims: ""):  # fmt: skip
            issuer.token = token
            scene.wait(600)
            assert (await log_in(clerk)).why == "wrong"
        issuer.token = None
        scene.wait(600)
        assert (await log_in(clerk)).said["token"], "and an honest one does"


async def test_nothing_counts_twice_or_in_another_browser_or_late(tmp_path):
    async with office(tmp_path) as (scene, issuer, _, _):
        clerk = Visitor(scene)
        brought = await sent(clerk)
        assert (await clerk.ask("login.openid.return", **brought)).said["token"]
        assert (await clerk.ask("login.openid.return", **brought)).why == "wrong", "the state again"
        fresh = await sent(clerk)
        assert (await clerk.ask("login.openid.return", **{**fresh, "code": brought["code"]})).why == "wrong"
        assert (await clerk.ask("login.openid.return", **fresh)).why == "wrong", "a state that failed is used up"
        brought = await sent(clerk)
        assert (await clerk.ask("login.openid.return", **{**brought, "binding": "another's"})).why == "wrong"
        brought = await sent(clerk)
        scene.wait(601)
        assert (await clerk.ask("login.openid.return", **brought)).why == "wrong"
        for text in ("", "\0", "ü" * 100):
            assert (await clerk.ask("login.openid.return", code=text, state=text, binding=text)).status < 500


async def test_who_begins_without_end_crowds_out_himself_alone(tmp_path):
    async with office(tmp_path) as (scene, _, _, _):
        clerk, crowd = Visitor(scene), Visitor(scene, source="198.51.100.9")
        his, oldest = await sent(clerk), await sent(crowd)
        for _ in range(1100):
            await crowd.ask("login.openid")
        newest = await sent(crowd)
        answers = [await clerk.ask("login.openid.return", **one) for one in (his, oldest, newest)]
    assert [one.status for one in answers] == [200, 401, 200]


async def test_other_keys_are_fetched_and_not_for_everybody_who_asks(tmp_path):
    async with office(tmp_path) as (scene, issuer, _, _):
        clerk = Visitor(scene)
        assert (await log_in(clerk)).said["token"]
        issuer.rotate()
        scene.wait(61)
        assert (await log_in(clerk)).said["token"]
        assert issuer.keys_asked == 2
        issuer.token = unsigned
        for _ in range(5):
            assert (await log_in(clerk)).why == "wrong"
        assert issuer.keys_asked == 2


async def test_while_it_is_down_those_of_the_door_come_in(tmp_path, caplog):
    async with office(tmp_path) as (scene, issuer, manager, _):
        clerk = Visitor(scene)
        brought = await sent(clerk)
        await issuer.stop()
        back = await clerk.ask("login.openid.return", **brought)
        scene.wait(3700)  # what it said of itself is asked again
        for answer in (back, await clerk.ask("login.openid")):
            assert (answer.why, answer.said["field"]) == ("not_now", "directory")
        assert (await manager.log_in()).status == 200
        assert (await Visitor(scene).ask("login", login="suzuki", password="any")).why == "wrong"
    assert "can't be asked" in caplog.text


async def test_the_browser_keeps_who_began_and_the_page_says_why_not(tmp_path):
    async with office(tmp_path) as (scene, _, _, _):
        desk = Desk(scene)
        assert "/login/openid" in (await desk.get("/login")).text
        begun = await desk.get("/login/openid")
        cookie = begun.headers["set-cookie"]
        assert begun.status_code == 303 and "samesite=lax" in cookie.lower() and "httponly" in cookie.lower()
        async with httpx.AsyncClient() as browser:
            back = urlsplit((await browser.get(begun.headers["location"])).headers["location"])
        desk.client.cookies.clear()
        stranger = await desk.get(f"{back.path}?{back.query}")
        assert stranger.status_code == 401 and "ログインできませんでした" in stranger.text

        begun = await desk.get("/login/openid")
        async with httpx.AsyncClient() as browser:
            back = urlsplit((await browser.get(begun.headers["location"])).headers["location"])
        held = begun.headers["set-cookie"].split(";")[0]
        desk.client.cookies.clear()
        came = await desk.get(f"{back.path}?{back.query}", cookie=held)
        cookies = came.headers.get_list("set-cookie")
    assert came.status_code == 200 and 'href="/"' in came.text
    assert any("__Host-desk=" in one and "samesite=strict" in one.lower() for one in cookies)
    assert any(one.startswith(f"{OPENID}=") and "Max-Age=0" in one for one in cookies)


GOOD = 'issuer = "https://login.example.jp"\nclient = "c"\nsecret_file = "/s"\ndesk = "https://d"\nlocal = ["kanri"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("https://login", "http://login"), "must begin with https://"),
        (GOOD.replace("https://d", "https://d/x"), "must be where browsers reach the desk"),
        (GOOD.replace('"c"', '""'), "is needed with an issuer"),
        (GOOD.replace('["kanri"]', "[]"), "must name at least one login"),
    ],
)
def test_what_is_wrong_with_its_settings_is_said_in_a_sentence(text, said):
    assert check(f"[openid]\n{GOOD}".encode(), Settings)[1] == []
    _, faults = check(f"[openid]\n{text}".encode(), Settings)
    assert len(faults) == 1 and said in str(faults[0]) and "openid" in str(faults[0])


def test_with_a_directory_too_both_leave_the_same_people_to_the_door():
    directory = '[directory]\nserver = "ldaps://dc1"\nuser = "{login}@d"\nlocal = ["another"]\n'
    _, faults = check(f"{directory}[openid]\n{GOOD}".encode(), Settings)
    assert len(faults) == 1 and "openid.local: must name the same logins" in str(faults[0])
