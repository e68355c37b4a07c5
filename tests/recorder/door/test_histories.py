"""Random histories: several people do what comes to their minds, and the register is what was done.

Three accounts of the same are held against each other: what the door derives from its register (`cases.history`), a
model here that knows which acts succeeded and nothing else, and the register's raw lines, read one by one.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.dates import at
from recorder.door.cases.history import History, fold
from recorder.door.door import Door
from recorder.door.serve import application
from storage.register import Entry
from tests.recorder.door.scene import DAY_NS, Answer, Scene, Visitor, quick_passwords
from tests.recorder.stores import START_NS, a_call

CALLS = [
    a_call("1", section="税務課"),
    a_call("2", section="福祉課", extension="2201", started_ns=START_NS - DAY_NS),
    a_call("3", section="税務課", direction="outbound", caller="0312345678", callee="0901112222"),
]
OFFICES = ("matsumoto", "kumamoto", "saitama")
PEOPLE = ("kanri", "suzuki", "zeimu", "itaku")  # manager, operator, a section's head, contractor
ASKS = ("copy", "extension", "disclosure", "investigation")
OUTCOMES = ("granted", "in_part", "refused", "not_stored")
GROUNDS = {
    "matsumoto": ("law", "investigation", "disclosure", ""),
    "kumamoto": ("purpose", "disclosure", "crime", ""),
    "saitama": ("purpose", "law", "disclosure", ""),
}
WAITS_S = (60, 3600, 40 * 60, 20 * 86_400)
# `on` is the next step of a case's usual way: without it few histories came to their end.
ACTS = (
    "on", "on", "on", "on", "apply", "decide", "reply", "tell", "copy", "take", "provide", "remind", "extend", "end",
    "withdraw", "identity", "call_back", "listen", "hear", "stop", "hold", "release", "mark", "instruct", "submit",
    "wait",
)  # fmt: skip
Act = tuple[str, str, int, int]  # what, who, which case or copy, a choice
HISTORY = st.lists(
    st.tuples(st.sampled_from(ACTS), st.sampled_from(PEOPLE), st.integers(0, 3), st.integers(0, 11)),
    min_size=15, max_size=45,
)  # fmt: skip


class Again(Scene):
    """A scene whose folder is there already, with its people in it."""

    async def __aenter__(self) -> Self:
        self.door = await Door.open(self.store, self.folder / "door", self.settings, passwords=quick_passwords())
        transport = httpx.ASGITransport(application(self.door, lambda: self.now_ns))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://door")
        return self


@dataclass
class Begun:
    """A folder to be copied for each history, and who has an account in it."""

    folder: Path
    people: dict[str, Visitor]
    now_ns: int


async def begun(folder: Path, office: str) -> Begun:
    async with Scene(folder, CALLS, office=office) as scene:
        people = {"kanri": await scene.manager()}
        for login, role, section in (("suzuki", "operator", ""), ("zeimu", "applicant", "税務課"),
                                     ("itaku", "contractor", "")):  # fmt: skip
            people[login] = await scene.appointed(people["kanri"], login, role, section)
        return Begun(folder, people, scene.now_ns)


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Begun]]:
    yield {office: asyncio.run(begun(tmp_path_factory.mktemp(office) / "it", office)) for office in OFFICES}


@dataclass
class CaseDone:
    """What was done in a case, as far as its answers were good."""

    asks: str
    withdrawn: bool = False
    identity: list[bool] = field(default_factory=list)
    called_back: list[bool] = field(default_factory=list)
    decisions: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)  # to which decision
    copies: list[int] = field(default_factory=list)
    told: int = 0
    provided: int = 0

    @property
    def granted(self) -> tuple[str, ...]:
        return self.decisions[-1][2] if self.decisions and self.decisions[-1][1] in ("granted", "in_part") else ()


@dataclass
class CopyDone:
    case: int | None
    instruction: int | None
    calls: tuple[str, ...]
    provided: bool = False
    reminded: int = 0
    until: list[str] = field(default_factory=list)  # of extensions
    ended: str = ""


@dataclass
class Model:
    cases: dict[int, CaseDone] = field(default_factory=dict)
    copies: dict[int, CopyDone] = field(default_factory=dict)
    instructions: list[int] = field(default_factory=list)
    holds: list[int] = field(default_factory=list)
    heard: list[tuple[str, str, int]] = field(default_factory=list)  # by whom, which call, when
    taken: list[tuple[str, int, int]] = field(default_factory=list)  # by whom, which copy, when

    def state(self, case: CaseDone) -> str:
        if case.withdrawn and not case.copies:
            return "done"
        if not case.decisions:
            return "open"
        if case.decisions[-1][0] not in case.replies:
            return "decided"
        if not case.granted:
            return "done"
        if case.asks == "extension":
            return "done" if case.told else "replied"
        copies = [self.copies[one] for one in case.copies]
        if not [one for one in copies if one.provided]:
            return "replied"
        return "out" if [one for one in copies if not one.ended] else "done"


class Play:
    """A history as it happens."""

    def __init__(self, scene: Scene, people: dict[str, Visitor], office: str) -> None:
        self.scene, self.people, self.office = scene, people, office
        self.model = Model()
        self.sittings: dict[tuple[str, str], str] = {}

    async def ask(self, who: str, operation: str, **asked: object) -> Answer:
        """Whoever was logged out meanwhile logs in first."""
        visitor = self.people[who]
        answer = await visitor.ask(operation, **asked)
        if answer.why == "not_logged_in":
            self.sittings = {key: name for key, name in self.sittings.items() if key[0] != who}
            await visitor.log_in()
            answer = await visitor.ask(operation, **asked)
        assert answer.status < 500, (operation, asked, answer)
        return answer

    async def do(self, act: Act) -> None:
        what, who, which, choice = act
        await getattr(self, f"_{what}")(who, which, choice)

    def _a_case(self, which: int) -> tuple[int, CaseDone]:
        numbers = list(self.model.cases)
        number = numbers[-1 - which % len(numbers)] if numbers else 4
        return number, self.model.cases.get(number, CaseDone("copy"))

    def _a_copy(self, which: int) -> tuple[int, CopyDone]:
        numbers = list(self.model.copies)
        number = numbers[-1 - which % len(numbers)] if numbers else 4
        return number, self.model.copies.get(number, CopyDone(None, None, ()))

    async def _on(self, who: str, which: int, choice: int) -> None:
        if not self.model.cases:
            return await self._apply("suzuki", which, choice)
        number, case = self._a_case(which % 2)
        state = self.model.state(case)
        if state == "open":
            if case.asks == "disclosure" and True not in case.identity[-1:]:
                return await self._identity("suzuki", which, 1)
            if case.asks == "investigation" and True not in case.called_back[-1:]:
                return await self._call_back("suzuki", which, 1)
            return await self._decide("kanri", which % 2, choice % 3)
        if state == "decided":
            return await self._reply("kanri", which % 2, choice)
        if state == "replied" and case.asks == "extension":
            return await self._tell("kanri", which % 2, choice)
        if state == "replied" and not case.copies:
            return await self._copy("kanri", which % 2, choice)
        waiting = [one for one in case.copies if not self.model.copies[one].ended]
        if state == "done" or not waiting:
            return await self._apply("suzuki", which, choice)
        place = list(reversed(self.model.copies)).index(waiting[0])
        if self.model.copies[waiting[0]].provided:
            return await self._end("kanri", place, choice)
        await self._provide("kanri", place, 1)

    async def _apply(self, who: str, which: int, choice: int) -> None:
        asks = ASKS[choice % 4]
        item = {"day": at(START_NS).date().isoformat(), **({"time": "09:15"} if which % 2 else {})}
        form: dict[str, Any] = {"asks": asks, "items": [item], "purpose": "x", "section": "税務課" if which < 2 else ""}
        if who != "zeimu" and choice < 9:
            form |= {"on_paper": True, "applicant": "山田", "document": "照第1号"}
        answer = await self.ask(who, "applications.make", **form)
        if answer.status == 200:
            self.model.cases[answer.said["number"]] = CaseDone(asks)

    async def _identity(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        is_he = choice % 3 > 0
        answer = await self.ask(
            who, "applications.identity", application=number, means=["passport"], was_identified=is_he
        )
        if answer.status == 200:
            case.identity.append(is_he)

    async def _call_back(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        is_so = choice % 3 > 0
        answer = await self.ask(
            who, "applications.called_back", application=number, agency="松本警察署", officer="佐藤",
            document="照第1号", number="0263250110", found_in="電話帳", is_not_of_letter=True, was_confirmed=is_so,
        )  # fmt: skip
        if answer.status == 200:
            case.called_back.append(is_so)

    async def _mark(self, who: str, which: int, choice: int) -> None:
        number, _ = self._a_case(which)
        await self.ask(who, "applications.mark", application=number, calls=[CALLS[choice % 3].id])

    async def _decide(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        outcome = "granted" if choice < 6 else OUTCOMES[choice % 4]
        grants = outcome in ("granted", "in_part")
        calls = [["1"], ["1", "2"], ["3"]][choice % 3] if grants else []
        ground = GROUNDS[self.office][choice % 4]
        if case.asks in GROUNDS[self.office] and choice < 6:
            ground, calls = case.asks, calls and ["1"]
        answer = await self.ask(
            who, "applications.decide", application=number, outcome=outcome, ground=ground if grants else "",
            calls=["3"] if case.asks == "extension" and grants else calls, reason="x" if choice % 5 else "",
            absences=[{"item": 1, "why": "not_identified"}] if outcome == "not_stored" else [],
        )  # fmt: skip
        if answer.status == 200:
            if case.asks == "extension" and grants:
                calls = ["3"]
            case.decisions.append((answer.said["decision"], outcome, tuple(calls)))

    async def _reply(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        answer = await self.ask(who, "applications.reply", application=number, document=f"第{number}号")
        if answer.status == 200:
            case.replies.append(case.decisions[-1][0])

    async def _tell(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        answer = await self.ask(
            who, "applications.tell_extension", application=number, to="税務課長", how="回答書"
        )
        if answer.status == 200:
            case.told += 1
            case.provided += 1

    async def _withdraw(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        answer = await self.ask(who, "applications.withdraw", application=number, reason="x")
        if answer.status == 200:
            case.withdrawn = True

    async def _copy(self, who: str, which: int, choice: int) -> None:
        number, case = self._a_case(which)
        basis: dict[str, object] = {"application": number}
        calls: tuple[str, ...] = (CALLS[choice % 3].id,) if choice > 8 else ()
        if who == "itaku" and self.model.instructions:
            basis, calls = {"instruction": self.model.instructions[-1]}, ()
        answer = await self.ask(who, "copies.make", **basis, calls=calls, medium="usb", packing="folder")
        if answer.status == 200:
            made = answer.said["number"]
            if "instruction" in basis:
                self.model.copies[made] = CopyDone(None, self.model.instructions[-1], ("1",))
            else:
                self.model.copies[made] = CopyDone(number, None, calls or case.granted)
                case.copies.append(made)

    async def _take(self, who: str, which: int, choice: int) -> None:
        number, _ = self._a_copy(which)
        answer = await self.ask(who, "copies.file", copy=number)
        if answer.status == 200:
            assert answer.body.startswith(b"PK")
            self.model.taken.append((who, number, self.scene.now_ns))

    async def _provide(self, who: str, which: int, choice: int) -> None:
        number, copy = self._a_copy(which)
        answer = await self.ask(
            who, "copies.provide", copy=number, to="税務課長", how="手渡し", are_accepted=choice % 4 > 0,
            document="照第1号" if choice % 3 else "",
        )
        if answer.status == 200:
            copy.provided = True
            self.model.cases[copy.case or 0].provided += 1

    async def _submit(self, who: str, which: int, choice: int) -> None:
        number, copy = self._a_copy(which)
        if (await self.ask(who, "copies.submit", copy=number)).status == 200:
            copy.provided = True

    async def _remind(self, who: str, which: int, choice: int) -> None:
        number, copy = self._a_copy(which)
        if (await self.ask(who, "copies.remind", copy=number, how="電話")).status == 200:
            copy.reminded += 1

    async def _extend(self, who: str, which: int, choice: int) -> None:
        number, copy = self._a_copy(which)
        until = f"{2029 + choice}-03-31"
        answer = await self.ask(who, "copies.extend", copy=number, ground="law", until=until, reason="x")
        if answer.status == 200:
            copy.until.append(until)

    async def _end(self, who: str, which: int, choice: int) -> None:
        number, copy = self._a_copy(which)
        how = ("crushed", "erased", "returned")[choice % 3]
        today = at(self.scene.now_ns).date().isoformat()
        if (await self.ask(who, "copies.end", copy=number, how=how, on=today)).status == 200:
            copy.ended = how

    async def _listen(self, who: str, which: int, choice: int) -> None:
        call = CALLS[choice % 3].id
        ground = ("crime", "manager", "")[which % 3]
        answer = await self.ask(who, "listening.open", call=call, ground=ground, cause="x")
        if answer.status == 200:
            self.sittings[who, call] = answer.said["sitting"]

    async def _hear(self, who: str, which: int, choice: int) -> None:
        """With his own sitting, or with somebody else's."""
        for key, name in list(self.sittings.items())[choice % 4 :]:
            answer = await self.ask(who, "listening.audio", sitting=name)
            if answer.status == 200:
                assert answer.body.startswith(b"RIFF")
                self.model.heard.append((who, key[1], self.scene.now_ns))

    async def _stop(self, who: str, which: int, choice: int) -> None:
        for key, name in self.sittings.items():
            if key[0] == who:
                await self.ask(who, "listening.close", sitting=name)

    async def _hold(self, who: str, which: int, choice: int) -> None:
        answer = await self.ask(who, "holds.place", call=CALLS[choice % 3].id, reason="x")
        if answer.status == 200:
            self.model.holds.append(answer.said["number"])

    async def _release(self, who: str, which: int, choice: int) -> None:
        if self.model.holds:
            hold = self.model.holds[which % len(self.model.holds)]
            if (await self.ask(who, "holds.release", hold=hold, reason="x")).status == 200:
                self.model.holds.remove(hold)

    async def _instruct(self, who: str, which: int, choice: int) -> None:
        today = at(self.scene.now_ns).date()
        answer = await self.ask(
            who, "instructions.give", document="広第1号", day=today.isoformat(), text="複製", calls=["1"],
            until=today.isoformat(),
        )  # fmt: skip
        if answer.status == 200:
            self.model.instructions.append(answer.said["number"])

    async def _wait(self, who: str, which: int, choice: int) -> None:
        self.scene.wait(WAITS_S[choice % 4])


def told(history: History) -> Model:
    """The door's account of it, as the model has it."""
    found = Model()
    for number, case in history.cases.items():
        found.cases[number] = CaseDone(
            case.asks, case.withdrawn is not None, [one.fields["was_identified"] for one in case.identity],
            [one.fields["was_confirmed"] for one in case.called_back],
            [(one.number, one.fields["outcome"], tuple(one.fields["calls"])) for one in case.decisions],
            [one.fields["decision"] for one in case.replies], [one.number for one in case.copies],
            len([one for one in case.provisions if not one.fields["copy"]]), len(case.provisions),
        )  # fmt: skip
    for number, copy in history.copies.items():
        found.copies[number] = CopyDone(
            copy.application, copy.instruction, copy.calls, copy.provided is not None, len(copy.reminded),
            [one.fields["until"] for one in copy.extended], copy.ended.fields["how"] if copy.ended else "",
        )  # fmt: skip
    return found


def scanned(lines: list[dict[str, Any]], model: Model, now_ns: int) -> None:
    """The raw lines alone, from the first to the last: each act has before it what it needs."""
    for place, line in enumerate(lines):
        before, kind, said = lines[:place], line["kind"], line
        of_case = [one for one in before if one.get("application") == said.get("application")]
        if kind == "copy" and "application" in said:
            [applied] = [one for one in before if one["number"] == said["application"]]
            decision = [one for one in of_case if one["kind"] == "decision"][-1]
            assert applied["kind"] == "application" and not [one for one in of_case if one["kind"] == "withdrawn"]
            assert decision["outcome"] in ("granted", "in_part")
            assert decision["ground"] and decision["article"]
            assert said["calls"] and set(said["calls"]) <= set(decision["calls"])
            assert [one for one in of_case if one["kind"] == "reply" and one["decision"] == decision["number"]]
            earlier = [one for one in of_case if one["number"] < decision["number"]]
            needed = {"disclosure": ("identity_checked", "was_identified"),
                      "investigation": ("called_back", "was_confirmed")}.get(applied["asks"])  # fmt: skip
            if needed:
                assert [one for one in earlier if one["kind"] == needed[0]][-1][needed[1]] is True
        elif kind == "copy":
            [given] = [one for one in before if one["number"] == said["instruction"]]
            assert given["kind"] == "instruction" and set(said["calls"]) <= set(given["calls"])
            assert not [one for one in before if one["kind"] == "instruction_ended"
                        and one["instruction"] == given["number"]]  # fmt: skip
        elif kind == "provision":
            if "application" in said:
                assert [one for one in of_case if one["kind"] == "reply"]
            if said["copy"]:
                of_copy = [one for one in before if one.get("copy") == said["copy"]]
                assert [one for one in before if one["number"] == said["copy"] and one["kind"] == "copy"]
                assert not [one for one in of_copy if one["kind"] in ("provision", "copy_ended")]
    for who, call, at_ns in model.heard:
        his = [one for one in lines if one["kind"] in ("playback", "playback_ended") and one["who"] == who
               and one["call"] == call and one["at_ns"] <= at_ns]  # fmt: skip
        assert his and his[-1]["kind"] == "playback" and at_ns < his[-1]["until_ns"]
    for who, number, at_ns in model.taken:
        [made] = [one for one in lines if one["kind"] == "copy" and one["number"] == number]
        assert made["who"] == who and at_ns - made["at_ns"] <= 1800 * 10**9
    # What a case holds is held until it is done, and no longer.
    running: dict[int, dict[str, Any]] = {}
    for line in lines:
        if line["kind"] == "hold" and (line["until_ns"] or now_ns + 1) > now_ns:
            running[line["number"]] = line
        elif line["kind"] == "release":
            running.pop(line["hold"], None)
    for number, case in model.cases.items():
        own = {one["call"] for one in running.values() if one["reason"].startswith(f"申請No.{number}：")}
        state = model.state(case)
        assert not (own and state == "done"), number
        assert state not in ("replied", "out") or own == set(case.granted), number
    ended = {line["hold"] for line in lines if line["kind"] == "release"}
    assert not ended & set(model.holds)


def lines_of(store: Path) -> list[dict[str, Any]]:
    """The register as it lies on the disk, without the program that wrote it."""
    files = sorted((store / "register").rglob("*.jsonl"))
    lines = [json.loads(line) for path in files for line in path.read_bytes().splitlines()]
    return sorted(lines, key=lambda one: one["number"])


async def played(folder: Path, of: Begun, office: str, acts: list[Act]) -> None:
    shutil.copytree(of.folder, folder)
    scene = Again(folder, CALLS, office=office)
    scene.now_ns = of.now_ns
    async with scene:
        people = {login: replace(visitor, scene=scene) for login, visitor in of.people.items()}
        play = Play(scene, people, office)
        for act in acts:
            await play.do(act)
        derived = told(await scene.door.cases.history())
        entries: list[Entry] = await scene.register()
    lines = lines_of(folder / "store")
    anew = told(fold(entries))
    model = play.model
    assert (derived.cases, derived.copies) == (anew.cases, anew.copies)
    assert (derived.cases, derived.copies) == (model.cases, model.copies)
    assert [one["number"] for one in lines] == list(range(1, len(lines) + 1)) == [one.number for one in entries]
    scanned(lines, model, scene.now_ns)


@given(st.sampled_from(OFFICES), HISTORY)
@settings(max_examples=15)
def test_the_register_is_what_was_done_and_nothing_was_done_without_what_it_needs(offices, office, acts):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(played(Path(folder) / "it", offices[office], office, acts))
