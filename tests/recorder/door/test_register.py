"""The register as it is read through the door: found quickly, without numbers, and compared with what was signed."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Ledger, Unread
from recorder.settings.models import Evidence, Witness
from storage.disk import Disk
from storage.register import Draft, Register, heads
from storage.register.checkpoint import WITNESS, Note, cosignature, vkey
from storage.ring.ring import Ring
from storage.ring.signing import Signer
from tests.recorder.door.scene import DAY_NS, NOW_NS, SECOND_NS, Scene
from tests.recorder.stores import a_call

NUMBERS = (
    "090-1234-5678", "+442079460000", "819012345678", "０９０−１２３４−５６７８", "+81312345678", "03 1234 5678",
    "(03)1234-5678",
)  # fmt: skip


async def entries(visitor, **asked):
    answer = await visitor.ask("register", **asked)
    assert answer.status == 200, answer.said
    return answer.said["entries"]


async def test_the_auditor_reads_who_heard_what_and_why_and_no_number(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for number in NUMBERS:
            await manager.ask("listening.open", call="1", cause=f"{number} から脅迫")
        await manager.prove()
        auditor = await scene.appointed(manager, "kansa", "auditor")

        heard = await entries(auditor, kind="playback")
        as_manager = await entries(manager, kind="playback")

    assert [one["who"] for one in heard] == ["kanri"] * len(NUMBERS) and heard[0]["name"] == "管理 花子"
    assert [one["said"]["cause"].replace("（番号）", "") for one in heard] == [" から脅迫"] * len(NUMBERS)
    assert heard[0]["calls"] == [{"id": "1", "started_ns": scene.calls[0].started_ns, "is_open": False}]
    assert [one["said"]["cause"] for one in as_manager] == [f"{one} から脅迫" for one in reversed(NUMBERS)]
    assert as_manager[0]["calls"][0]["is_open"]


async def test_dates_and_document_numbers_are_no_telephone_numbers(tmp_path):
    causes = ("2026-11-22 09:15 の通話", "整理番号 8000123456", "総第1234号（令和8年11月22日）", "内線2101、110番通報")
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for cause in causes:
            await manager.ask("listening.open", call="1", cause=cause)
        await manager.prove()
        auditor = await scene.appointed(manager, "kansa", "auditor")

        heard = await entries(auditor, kind="playback")

    assert [one["said"]["cause"] for one in reversed(heard)] == list(causes)


async def test_found_by_kind_person_call_and_time_page_by_page(tmp_path):
    async with Scene(tmp_path, [a_call("1"), a_call("2")]) as scene:
        manager = await scene.manager()
        for n in range(7):
            scene.wait(60)
            await manager.ask("listening.open", call="12"[n % 2], cause=f"{n}")

        everything = await entries(manager, with_recorded=True, limit=200)
        acts = await entries(manager, limit=200)
        of_call = await entries(manager, call="2")
        of_time = await entries(manager, kind="playback", begin_ns=scene.now_ns - 120 * SECOND_NS, end_ns=scene.now_ns)
        pages, before = [], None
        while True:
            answer = (await manager.ask("register", limit=4, before=before, with_recorded=True)).said
            pages += [one["number"] for one in answer["entries"]]
            if not answer["is_more"]:
                break
            before = {name: answer["entries"][-1][name] for name in ("at_ns", "number")}
        nobody = await entries(manager, who="nobody-there")
        mine = await entries(manager, who="kanri", kind="playback")
        in_register = [one.number for one in await scene.register()]

    assert sorted(pages) == in_register and pages == [one["number"] for one in everything]
    assert {one["kind"] for one in everything} - {one["kind"] for one in acts} == {"recorded"}
    assert [one["kind"] for one in of_call] == ["playback", "playback", "playback", "recorded"]
    assert [one["said"]["cause"] for one in of_time] == ["5", "4"]
    assert nobody == [] and len(mine) == 7


async def test_a_call_s_page_tells_of_its_holds_and_their_end(tmp_path):
    async with Scene(tmp_path, [a_call("1"), a_call("2")]) as scene:
        manager = await scene.manager()
        placed = (await manager.ask("holds.place", call="1", reason="脅迫")).said
        await manager.ask("holds.release", hold=placed["number"], reason="終わった")

        done = (await manager.ask("call.entries", id="1")).said["entries"]
        other = (await manager.ask("call.entries", id="2")).said["entries"]

    assert [one["kind"] for one in done] == ["release", "hold", "recorded"]
    assert [one["kind"] for one in other] == ["recorded"]


async def test_a_section_s_manager_reads_of_other_sections_only_that_something_was_done(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        for call in ("1", "2"):
            await manager.ask("listening.open", call=call, cause=f"call {call}")
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")

        theirs, ours = await entries(tax, kind="playback")
        appointed = await entries(tax, kind="appointed")
        foreign = await tax.ask("call.entries", id="2")

    assert ours["said"]["cause"] == "call 1" and not ours["is_withheld"]
    assert theirs["is_withheld"] and theirs["said"] == {} and theirs["calls"] == []
    assert [one["is_withheld"] for one in appointed] == [False, True]  # his own; the office's first manager
    assert foreign.status == 404


async def test_nobody_reads_it_who_has_no_right_to(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for role in ("applicant", "contractor", "maintenance"):
            await manager.prove()
            visitor = await scene.appointed(manager, role, role)
            assert [(await visitor.ask(one)).status for one in ("register", "register.state")] == [404, 404]
            assert (await visitor.ask("call.entries", id="1")).status == 404


def segment(scene: Scene) -> Path:
    """The file that the entries lie in."""
    [found] = Path(scene.store, "register").glob("0*.jsonl")
    return found


async def signed(scene: Scene, keys: Path, now_ns: int = NOW_NS) -> tuple[int, Note]:
    """A checkpoint of all that is entered, and its key's number."""
    Disk().make_directory(str(keys))
    async with await Ring.open(scene.store) as ring:
        await Signer(ring, str(keys)).checkpoint(now_ns)
    found = heads.latest(str(scene.store), Disk())
    assert found is not None
    return found


async def test_the_page_says_whether_what_it_shows_is_what_was_signed(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        nothing = (await manager.ask("register.state")).said
        await signed(scene, tmp_path / "keys")
        fits = (await manager.ask("register.state")).said
        await manager.ask("listening.open", call="1", cause="x")
        scene.wait(60)
        await signed(scene, tmp_path / "keys", scene.now_ns)
        await signed(scene, tmp_path / "keys", scene.now_ns + DAY_NS)  # another key
        later = (await manager.ask("register.state")).said
        path = segment(scene)
        path.write_bytes(path.read_bytes().replace(b'"cause":"x"', b'"cause":"y"'))
        altered = await fresh(scene)

    assert (nothing["signed"]["fits"], nothing["damage"]) == ("none", "")
    assert fits["signed"]["fits"] == "yes" and fits["signed"]["size"] == fits["entries"]
    assert len(fits["signed"]["code"]) == 39 and fits["signed"]["at_ns"] // SECOND_NS == NOW_NS // SECOND_NS
    assert later["signed"]["fits"] == "yes" and later["signed"]["size"] > fits["signed"]["size"]
    assert altered == "no"


async def fresh(scene: Scene, name: str = "fresh") -> str:
    """What a door says that reads the register for the first time."""
    folder = scene.folder / name
    folder.mkdir()
    ledger = Ledger(folder, str(scene.store), scene.door.store.uuid, Disk())
    try:
        await ledger.keep_up(30)
    except Unread as error:
        return str(error)
    finally:
        await ledger.close()
    return ledger.signed.fits


async def test_a_register_that_was_written_anew_with_good_links_isn_t_what_was_signed(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await manager.ask("listening.open", call="1", cause="x")
        await signed(scene, tmp_path / "keys")
        before = await fresh(scene)
        drafts = [
            Draft(one.at_ns, one.kind, one.who, {**one.fields, **({"cause": "y"} if "cause" in one.fields else {})})
            for one in await scene.register()
        ][1:]
        segment(scene).unlink()
        register = Register(str(scene.store), scene.door.store.uuid, Disk())
        register.append(drafts, register.tail())
        after = await fresh(scene, "after")

    assert (before, after) == ("yes", "no")


async def test_a_witness_s_word_is_told(tmp_path):
    key = Ed25519PrivateKey.generate()
    named = "witness.example.jp/witness"
    witness = Witness(url="http://witness.example.jp:7465", key=vkey(named, key.public_key(), WITNESS))
    async with Scene(tmp_path) as scene:
        scene.door.ledger._witnesses = (witness,)
        manager = await scene.manager()
        epoch, note = await signed(scene, tmp_path / "keys")
        silent = (await manager.ask("register.state")).said["signed"]
        said = cosignature(note.text, named, key, 1_800_000_000)
        heads.append(heads.path_of(str(scene.store), epoch), Note(note.text, (said,)), Disk())
        spoke = (await manager.ask("register.state")).said["signed"]

    assert silent["witnesses"] == [{"name": named, "size": 0, "at_ns": 0}]
    assert spoke["witnesses"] == [{"name": named, "size": spoke["size"], "at_ns": 1_800_000_000 * SECOND_NS}]
    assert Evidence(witnesses=(witness,)).witnesses[0].url


async def test_the_index_is_made_anew_when_the_register_was_mended_or_the_file_is_lost(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        before = await entries(manager, limit=200)
        path = segment(scene)
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join([*lines[:-3], b""]))  # the last entries are gone, as from a backup
        register = Register(str(scene.store), scene.door.store.uuid, Disk())
        register.append([Draft(NOW_NS, "other", "x", {}) for _ in range(4)], register.tail())
        after = await entries(manager, limit=200)

    assert [one["number"] for one in after][-5:] == [one["number"] for one in before][-5:]
    assert [one["kind"] for one in after].count("other") == 4


async def test_an_entry_that_was_altered_since_is_never_shown(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await manager.ask("listening.open", call="1", cause="x")
        before = await entries(manager, kind="playback")
        path = segment(scene)
        path.write_bytes(path.read_bytes().replace(b'"cause":"x"', b'"cause":"y"'))
        after = await manager.ask("register", kind="playback")

    assert before[0]["said"]["cause"] == "x"
    assert after.why == "not_now" and b'"y"' not in after.body


async def test_a_spoilt_index_is_made_anew(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        before = await entries(manager, limit=200)
    (tmp_path / "door" / "register.sqlite").write_bytes(b"no database " * 1000)
    ledger = Ledger(tmp_path / "door", str(scene.store), scene.door.store.uuid, Disk())
    for _ in range(2):
        with contextlib.suppress(Unread):
            await ledger.keep_up(30)
    found = await ledger.find(Wanted(), None, 200)
    await ledger.close()

    assert [one.number for one in found] == [one["number"] for one in before]


async def test_a_folder_that_can_t_be_read_is_said_and_not_an_error(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        path = segment(scene)
        path.write_bytes(b"nonsense\n" * 20_000)

        answer = await manager.ask("register")
        state = (await manager.ask("register.state")).said

    assert (answer.status, answer.why) == (503, "not_now")
    assert "damaged" in state["damage"]


async def test_a_large_register_is_read_in_the_background_and_answers_at_once(tmp_path):
    many = 20_000
    async with Scene(tmp_path) as scene:
        register = Register(str(scene.store), scene.door.store.uuid, Disk())
        for start in range(0, many, 5000):
            register.append(
                [Draft(NOW_NS + n, "recorded", "recorder", {"call": f"c{n}", "row": "00" * 32})
                 for n in range(start, start + 5000)],
                register.tail(),
            )  # fmt: skip
        manager = await scene.manager()
        while (await manager.ask("register.state")).said["missing"]:
            pass
        began_s = time.process_time()
        found = await entries(manager, call="c77")
        acts = await entries(manager)
        took_s = time.process_time() - began_s

    assert [one["kind"] for one in found] == ["recorded"]
    assert all(one["kind"] != "recorded" for one in acts) and len(acts) > 3
    assert took_s < 1.0


async def test_whose_keys_open_recordings_is_told_by_name(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        register = Register(str(scene.store), scene.door.store.uuid, Disk())
        recipients = [["総務課長", "age1xyz"], ["金庫", "age1abc"]]
        register.append([Draft(NOW_NS, "start", "recorder", {"sealed_for": recipients})], register.tail())
        [start] = await entries(manager, kind="start")

    assert start["said"]["sealed_for"] == "総務課長、金庫" and "age1" not in str(start)
