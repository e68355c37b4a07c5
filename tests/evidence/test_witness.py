"""A witness signs a register that grew, and refuses one that became smaller or another: C2SP's tlog-witness."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.alarms.code import Code
from recorder.checkpoints import courier
from recorder.checkpoints.keeping import Checkpoints
from recorder.settings.models import Evidence, Witness
from recorder.witness.book import Answer, WitnessBook, request
from recorder.witness.server import WitnessServer
from storage.disk import Disk
from storage.register import checkpoint, heads
from storage.register.checkpoint import KEY, NEXT, Checkpoint, Note, parse_vkey, vkey
from storage.register.leaves import Leaves
from storage.ring.ring import Ring
from tests.storage.build import SECOND, START, a_call, a_store_with

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "recorder/6f0d2a8e-8f0a-4f1e-9f5e-0d8a5a3c1b2d"
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in range(3)]


def public(number: int) -> str:
    return vkey(ORIGIN, KEYS[number].public_key())


def leaves(size: int, past: str = "so it was") -> Leaves:
    found = Leaves()
    for number in range(size):
        found.append(f"{number} {past}".encode())
    return found


def note(of: Leaves, size: int, *, key: int = 0, following: int | None = None) -> Note:
    extensions = (KEY + public(key),) + (() if following is None else (NEXT + public(following),))
    text = Checkpoint(ORIGIN, size, of.root(size), extensions).text
    return checkpoint.sign(Note(text), ORIGIN, KEYS[key])


def asked(old: int, of: Leaves, size: int, *, key: int = 0, following: int | None = None) -> bytes:
    proof = of.consistency(old, size) if 0 < old <= size else []
    return request(old, proof, note(of, size, key=key, following=following))


@pytest.fixture
def book(tmp_path: Path) -> WitnessBook:
    return WitnessBook(str(tmp_path / "witness"), "w", Disk(), takes_new=True)


def test_it_signs_what_has_grown(book: WitnessBook) -> None:
    register = leaves(20)

    for old, size in ((0, 3), (3, 3), (3, 20)):
        answer = book.add(asked(old, register, size), 1_800_000_000)

        assert answer.status == 200
        signed = note(register, size).with_signatures(checkpoint.parse_signatures(answer.body.decode()))
        assert checkpoint.cosigned_at(signed, "w", parse_vkey(book.vkey).key) == 1_800_000_000
    latest = book.latest(ORIGIN)
    assert latest is not None and Checkpoint.parse(latest.text).size == 20


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (asked(0, leaves(20), 5), Answer(409, b"10\n", "text/x.tlog.size")),  # a smaller one, as if new
        (asked(4, leaves(20), 20), Answer(409, b"10\n", "text/x.tlog.size")),  # it saw more than 4
        (asked(10, leaves(20, "another past"), 20), Answer(422, b"It isn't what was seen here, grown.\n")),
        (asked(10, leaves(20, "another past"), 10), Answer(409, b"10\n", "text/x.tlog.size")),
        (asked(12, leaves(20), 11), Answer(400, b"The old size is more than the new one.\n")),
        (asked(10, leaves(20), 20, key=1), Answer(403, b"It isn't signed by the key that is believed.\n")),
    ],
)
def test_it_refuses_what_is_smaller_or_another(book: WitnessBook, body: bytes, answer: Answer) -> None:
    assert book.add(asked(0, leaves(20), 10), 1).status == 200

    assert book.add(body, 2) == answer

    latest = book.latest(ORIGIN)
    assert latest is not None and Checkpoint.parse(latest.text).size == 10


def test_a_key_names_its_successor_and_is_believed_no_longer(book: WitnessBook) -> None:
    register = leaves(30)
    assert book.add(asked(0, register, 10, following=1), 1).status == 200

    assert book.add(asked(10, register, 20), 2).status == 403
    assert book.add(asked(10, register, 20, key=1), 2).status == 200


def test_a_register_that_it_does_not_follow_is_unknown(tmp_path: Path) -> None:
    book = WitnessBook(str(tmp_path), "w", Disk())

    assert book.add(asked(0, leaves(9), 9), 1).status == 404
    book.allow(public(0))
    assert book.add(asked(0, leaves(9), 9), 1).status == 200


def test_what_it_saw_is_on_its_disk_before_it_answers(tmp_path: Path) -> None:
    book = WitnessBook(str(tmp_path), "w", Disk(), takes_new=True)
    assert book.add(asked(0, leaves(9), 9), 1).status == 200

    again = WitnessBook(str(tmp_path), "w", Disk())

    assert again.vkey == book.vkey
    assert again.add(asked(0, leaves(9), 5), 1).status == 409


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"old\n\n", b"old 01\n\n", b"old 0\nAA\n\n", b"old 0\n\nno note", b"\xff"]
)
def test_nonsense_is_a_bad_request(book: WitnessBook, body: bytes) -> None:
    assert book.add(body, 1).status == 400


# --- over HTTP, with the keeper and its courier -------------------------------------------------------------


@pytest.fixture
def served(book: WitnessBook) -> Iterator[str]:
    server = WitnessServer(("127.0.0.1", 0), book)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


class Office:
    """A keeper and a teller, turn by turn."""

    def __init__(self, folder: Path, url: str, key: str) -> None:
        self.folder, self.store = folder, folder / "store"
        for name in ("keys", "run", "second"):
            (folder / name).mkdir()
        self.evidence = Evidence(
            keys=folder / "keys", every_s=1, second_path=str(folder / "second"), answers=folder / "answers.json",
            witnesses=(Witness(url=url, key=key),), witness_minutes=15,
        )  # fmt: skip
        self.keeper = Checkpoints(str(self.store), self.evidence, folder / "run")
        self.now_ns = START

    async def turn(self, *, later_s: int = 61, carried: bool = True) -> set[Code]:
        """The keeper's, the teller's, the keeper's again; what stands then."""
        self.now_ns += later_s * SECOND
        await self.keeper.turn(self.now_ns)
        if carried:
            outbox = courier.read(self.folder / "run" / courier.OUTBOX)
            courier.write(self.evidence.answers, courier.carry(outbox))
        self.now_ns += 2 * SECOND
        return {alarm.code for alarm in await self.keeper.turn(self.now_ns)}

    def cosigned(self) -> int:
        """The size of the newest checkpoint if the witness signed it."""
        latest = heads.latest(str(self.store), Disk())
        assert latest is not None
        [witness] = self.evidence.witnesses
        key = parse_vkey(witness.key)
        return Checkpoint.parse(latest[1].text).size if checkpoint.cosigned_at(latest[1], key.name, key.key) else 0


@pytest.fixture
async def office(tmp_path: Path, served: str, book: WitnessBook) -> Office:
    found = Office(tmp_path, served, book.vkey)
    await a_store_with(found.store, a_call("c1"))
    return found


async def test_the_witness_signs_each_minute_and_over_midnight(office: Office, book: WitnessBook) -> None:
    assert await office.turn() == set()
    assert office.cosigned() == 3  # begun, recorded, the key; what says that it was witnessed calls for no more
    await a_store_with(office.store, a_call("c2", started_ns=START + 600 * SECOND))
    assert await office.turn() == set()
    assert office.cosigned() == 5
    await a_store_with(office.store, a_call("c3", started_ns=START + 86_400 * SECOND))
    for _ in range(3):  # first the old key's last, then what there is
        assert await office.turn(later_s=86_400 if office.now_ns < START + 80_000 * SECOND else 61) == set()
    assert office.cosigned() > 5
    latest = book.latest(f"recorder/{json.loads((office.store / 'store.json').read_bytes())['store']}")
    assert latest is not None and Checkpoint.parse(latest.text).size == office.cosigned()


async def test_a_register_that_was_put_back_is_refused_and_rings(office: Office, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(office.store, tmp_path / "yesterday")
    await a_store_with(office.store, a_call("c2", started_ns=START + 600 * SECOND))
    assert await office.turn() == set()
    shutil.rmtree(office.store)
    shutil.copytree(tmp_path / "yesterday", office.store)
    office.keeper = Checkpoints(str(office.store), office.evidence, office.folder / "run")

    await office.turn()
    await a_store_with(office.store, a_call("c9", started_ns=START + 900 * SECOND))

    assert Code.WITNESS_REFUSES in await office.turn()


async def test_silence_rings_after_a_while_and_what_is_missing_is_sent_then(office: Office) -> None:
    assert await office.turn() == set()
    await a_store_with(office.store, a_call("c2", started_ns=START + 600 * SECOND))

    assert await office.turn(later_s=600, carried=False) == set()
    assert await office.turn(later_s=600, carried=False) == {Code.WITNESS_SILENT}
    await office.turn()
    assert await office.turn() == set()
    assert office.cosigned() > 3


async def test_a_signature_of_somebody_else_is_none(office: Office) -> None:
    office.evidence = Evidence(
        keys=office.evidence.keys, every_s=1, answers=office.evidence.answers,
        witnesses=(Witness(url=office.evidence.witnesses[0].url, key=vkey("w", KEYS[2].public_key(), 4)),),
    )  # fmt: skip
    office.keeper = Checkpoints(str(office.store), office.evidence, office.folder / "run")

    assert await office.turn() == {Code.WITNESS_REFUSES}


async def test_no_folder_for_keys_is_told(office: Office) -> None:
    keeper = Checkpoints(str(office.store), Evidence(keys=office.folder / "none"), office.folder / "run")

    [alarm] = await keeper.turn(START)

    assert (alarm.code, "none" in alarm.meaning("en")) == (Code.CHECKPOINT_FAILED, True)


async def test_checkpoints_go_to_the_second_path(office: Office) -> None:
    await office.turn()
    async with await Ring.open(office.store) as ring:
        path = office.folder / "second" / f"{ring.uuid}.jsonl"

    found = [one.checkpoint for one in heads.read(str(path), 0, Disk())]
    assert [one.size for one in found if one is not None] == [3]


def test_the_command_answers_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recorder", "witness", "--state", str(tmp_path / "w"), "--new", "--listen",
               "127.0.0.1:0", "--name", "city/witness"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ)
    try:
        assert process.stderr is not None
        ready = process.stderr.readline()
        port, key = ready.split("port ")[1].split(",")[0], ready.split("key ")[1].strip()
        assert parse_vkey(key).name == "city/witness"
        got = httpx.post(f"http://127.0.0.1:{port}/add-checkpoint", content=asked(0, leaves(5), 5))
        assert got.status_code == 200
        assert httpx.get(f"http://127.0.0.1:{port}/latest?{ORIGIN}").text.startswith(ORIGIN)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0 and time.monotonic() - began < 5
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert [one.name for one in (tmp_path / "w").glob("*.key")] == ["witness.key"]
    assert (tmp_path / "w/witness.key").stat().st_mode & 0o077 == 0
