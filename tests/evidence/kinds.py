"""Ways to tamper with a store, each at one of five places, and what verify has to say of each.

A kind is a function of an office's copy and the number of the place. It says which findings must be among those found
(kind, and where or a part of the sentence), and of which calls a finding may be: none may accuse another call.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import records, rows
from storage.register import checkpoint
from storage.register.checkpoint import Checkpoint, Note
from tests.evidence.office import A_SECOND, SECONDS, Office, relinked

PLACES = 5
VICTIMS = ("c-00", "c-02", "c-10", "c-11", "c-22")
OTHERS = ("c-01", "c-12", "c-20", "c-21", "c-02")


class Named(NamedTuple):
    """What must be found."""

    found: tuple[tuple[str, str], ...]  # kind, and what `where` or `text` holds
    calls: tuple[str, ...] = ()  # that findings may be about


Kind = Callable[[Office, int], Named]
KINDS: list[tuple[Kind, str]] = []  # and what lies outside


def kind(outside: str = "") -> Callable[[Kind], Kind]:
    def add(function: Kind) -> Kind:
        KINDS.append((function, outside))
        return function

    return add


def one_call(place: int, *found: tuple[str, str]) -> Named:
    return Named(found or (("row_altered", VICTIMS[place]),), (VICTIMS[place],))


def edit(office: Office, call: str, change: Callable[[bytearray], bytes | bytearray | None]) -> None:
    path = office.wav(call)
    data = bytearray(path.read_bytes())
    path.write_bytes(change(data) or data)


# --- WAV ----------------------------------------------------------------------------------------------------


@kind()
def one_bit_of_the_sound(office: Office, place: int) -> Named:
    second = place % SECONDS

    def change(data: bytearray) -> None:
        data[4096 + second * A_SECOND + 777 * place] ^= 1 << place

    edit(office, VICTIMS[place], change)
    return one_call(place, ("hash_wrong", f"second {second} "))


@kind()
def one_bit_of_the_head(office: Office, place: int) -> Named:
    def change(data: bytearray) -> None:
        data[100 + 50 * place] ^= 1

    edit(office, VICTIMS[place], change)
    return one_call(place, ("hash_wrong", "in its head"))


@kind()
def the_number_in_the_head(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data.replace(b'"0238201111"', b'"0238209999"', 1))
    return one_call(place, ("hash_wrong", "in its head"))


@kind()
def a_byte_cut_off(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data[: -1 - place])
    return one_call(place, ("size_wrong", f"second {SECONDS - 1} "))


@kind()
def a_second_cut_off(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data[:-A_SECOND])
    return one_call(place, ("size_wrong", f"second {SECONDS - 1} "))


@kind()
def all_sound_cut_off(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data[:4096])
    return one_call(place, ("size_wrong", "second 0 "))


@kind()
def a_second_cut_out(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data[:4096] + data[4096 + A_SECOND :])
    return one_call(place, ("size_wrong", "second 0 "))


@kind()
def bytes_appended(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data + bytes(1 + place))
    return one_call(place, ("size_wrong", f"second {SECONDS} "))


@kind()
def a_second_repeated(office: Office, place: int) -> Named:
    edit(office, VICTIMS[place], lambda data: data[: 4096 + A_SECOND] + data[4096:-A_SECOND])
    return one_call(place, ("hash_wrong", "second 1 "))


@kind()
def seconds_swapped(office: Office, place: int) -> Named:
    def change(data: bytearray) -> bytes:
        first, second = (bytes(data[4096 + n * A_SECOND : 4096 + (n + 1) * A_SECOND]) for n in (1, 2))
        return bytes(data[: 4096 + A_SECOND]) + second + first

    edit(office, VICTIMS[place], change)
    return one_call(place, ("hash_wrong", "second 1 "))


@kind()
def a_second_silenced(office: Office, place: int) -> Named:
    def change(data: bytearray) -> None:
        data[4096 + 2 * A_SECOND :] = bytes(A_SECOND)

    edit(office, VICTIMS[place], change)
    return one_call(place, ("hash_wrong", "second 2 "))


@kind()
def a_second_of_another_recording(office: Office, place: int) -> Named:
    other = office.wav(OTHERS[place]).read_bytes()
    edit(office, VICTIMS[place], lambda data: data[:-A_SECOND] + other[-A_SECOND:])
    return one_call(place, ("hash_wrong", f"second {SECONDS - 1} "))


@kind()
def another_recording_in_its_place(office: Office, place: int) -> Named:
    shutil.copyfile(office.wav(OTHERS[place]), office.wav(VICTIMS[place]))
    return one_call(place, ("hash_wrong", f"recording of call {OTHERS[place]}"))


@kind()
def two_recordings_swapped(office: Office, place: int) -> Named:
    mine, other = office.wav(VICTIMS[place]), office.wav(OTHERS[place])
    first, second = mine.read_bytes(), other.read_bytes()
    mine.write_bytes(second)
    other.write_bytes(first)
    found = tuple(("hash_wrong", f"recording of call {call}") for call in (VICTIMS[place], OTHERS[place]))
    return Named(found, (VICTIMS[place], OTHERS[place]))


@kind()
def an_older_version_put_back(office: Office, place: int) -> Named:
    """As it would be if the recorder had begun again: the same call, other sound, a head that fits."""
    edit(office, VICTIMS[place], lambda data: data[:4096] + bytes(byte ^ 0x55 for byte in data[4096:]))
    return one_call(place, ("hash_wrong", "second 0 "))


@kind()
def a_recording_renamed(office: Office, place: int) -> Named:
    path = office.wav(VICTIMS[place])
    path.rename(path.with_name(path.name.replace(VICTIMS[place], f"x-{place}")))
    return Named((("file_missing", VICTIMS[place]), ("row_missing", f"x-{place}")), (VICTIMS[place], f"x-{place}"))


@kind()
def a_recording_deleted(office: Office, place: int) -> Named:
    office.wav(VICTIMS[place]).unlink()
    return one_call(place, ("file_missing", VICTIMS[place]))


@kind()
def a_recording_planted(office: Office, place: int) -> Named:
    path = office.wav(VICTIMS[place])
    shutil.copyfile(path, path.with_name(path.name.replace(VICTIMS[place], "new")))
    return Named((("row_missing", "-new.wav"),), ("new",))


@kind()
def a_link_in_its_place(office: Office, place: int) -> Named:
    path = office.wav(VICTIMS[place])
    away = path.rename(office.folder / "away.wav")
    path.symlink_to(away)
    return one_call(place, ("not_a_file", VICTIMS[place]))


# --- catalogue ----------------------------------------------------------------------------------------------


def _field(name: str, value: str) -> None:
    def tamper(office: Office, place: int) -> Named:
        office.sql(f"update call set {name} = {value} where id = '{VICTIMS[place]}'")
        return one_call(place)

    tamper.__name__ = f"{name}_altered"
    KINDS.append((tamper, ""))


for _name, _value in (
    ("caller", "'0312345678'"), ("callee", "'0238200000'"), ("extension", "'2102'"), ("caller_raw", "'x'"),
    ("started_ns", "started_ns - 1000000000"), ("ended_ns", "ended_ns + 1"), ("answered_ns", "answered_ns + 1"),
    ("direction", "'outbound'"), ("end_reason", "'silence'"), ("salt", "'00112233445566778899aabbccddeeff'"),
):  # fmt: skip
    _field(_name, _value)


def _victim(place: int) -> str:
    return f"(select number from call where id = '{VICTIMS[place]}')"


@kind()
def a_leg_taken_away(office: Office, place: int) -> Named:
    office.sql(f"delete from call_leg where position = 1 and call = {_victim(place)}")
    return one_call(place)


@kind()
def a_flag_added(office: Office, place: int) -> Named:
    office.sql(f"insert into call_flag values ({_victim(place)}, 0, 'not_announced')")
    return one_call(place)


@kind()
def marks_altered(office: Office, place: int) -> Named:
    office.sql(f"update mark set digests = zeroblob(length(digests)) where call = {_victim(place)}")
    return one_call(place)


@kind()
def a_row_deleted(office: Office, place: int) -> Named:
    office.sql(f"delete from call where id = '{VICTIMS[place]}'")
    return one_call(place, ("row_deleted", VICTIMS[place]), ("row_missing", VICTIMS[place]))


@kind()
def a_call_deleted_everywhere_but_the_register(office: Office, place: int) -> Named:
    """Row, file, and the chain of entries computed anew."""
    office.wav(VICTIMS[place]).unlink()
    office.sql(f"delete from call where id = '{VICTIMS[place]}'", f"delete from entry where id = '{VICTIMS[place]}'")
    _chain_anew(office)
    return one_call(place, ("row_deleted", VICTIMS[place]))


@kind()
def a_row_inserted(office: Office, place: int) -> Named:
    _insert(office, place)
    return Named((("row_added", "new"),), ("new",))


@kind()
def a_row_inserted_with_its_entry(office: Office, place: int) -> Named:
    _insert(office, place)
    _enter(office, "new")
    return Named((("row_added", "new"),), ("new",))


@kind()
def a_row_and_its_file_forged_with_its_entry(office: Office, place: int) -> Named:
    """Everything that the catalogue has fits together again; the register knows better."""
    edit(office, VICTIMS[place], lambda data: data[:-100] + bytes(100))
    import hashlib

    sha256 = hashlib.sha256(office.wav(VICTIMS[place]).read_bytes()).hexdigest()
    office.sql(f"update recording set sha256 = x'{sha256}' where call = {_victim(place)}",
               f"delete from mark where call = {_victim(place)}")  # fmt: skip
    _enter(office, VICTIMS[place])
    return one_call(place, ("row_altered", "that the register tells of"))


@kind()
def a_number_forged_with_its_entry(office: Office, place: int) -> Named:
    office.sql(f"update call set caller = '0312345678' where id = '{VICTIMS[place]}'")
    _enter(office, VICTIMS[place])
    return one_call(place, ("row_altered", "that the register tells of"))


@kind()
def ids_of_two_rows_swapped(office: Office, place: int) -> Named:
    mine, other = VICTIMS[place], OTHERS[place]
    office.sql(f"update call set id = 'tmp' where id = '{mine}'", f"update call set id = '{mine}' where id = '{other}'",
               f"update call set id = '{other}' where id = 'tmp'")  # fmt: skip
    return Named((("row_altered", mine), ("row_altered", other)), (mine, other))


@kind()
def numbers_of_two_calls_swapped(office: Office, place: int) -> Named:
    mine, other = VICTIMS[place], OTHERS[place]
    ((first,),) = office.query(f"select caller from call where id = '{mine}'")
    ((second,),) = office.query(f"select caller from call where id = '{other}'")
    office.sql(f"update call set caller = '{second}' where id = '{mine}'",
               f"update call set caller = '{first}' where id = '{other}'")  # fmt: skip
    return Named((("row_altered", mine), ("row_altered", other)), (mine, other))


@kind()
def a_trigger_added(office: Office, place: int) -> Named:
    tables = ("call", "recording", "entry", "hold", "erasure")
    office.sql(f"create trigger sly after insert on {tables[place]} begin delete from tally; end")
    return Named((("schema_altered", "trigger sly"),))


@kind()
def a_trigger_taken_away(office: Office, place: int) -> Named:
    names = ["number_of_new_call", "number_of_gone_call", "number_of_changed_call"]
    office.sql(f"drop trigger {names[place % 3]}")
    return Named((("schema_altered", names[place % 3]),))


@kind()
def a_view_instead_of_a_table(office: Office, place: int) -> Named:
    office.sql("alter table tally rename to hidden", "create view tally as select * from hidden")
    return Named((("schema_altered", "tally"),))


@kind()
def an_entry_of_the_catalogue_altered(office: Office, place: int) -> Named:
    office.sql(f"update entry set row_sha256 = zeroblob(32) where id = '{VICTIMS[place]}'")
    return one_call(place, ("entry_altered", VICTIMS[place]), ("row_altered", VICTIMS[place]))


@kind()
def an_erasure_made_up(office: Office, place: int) -> Named:
    office.wav(VICTIMS[place]).unlink()
    office.sql(f"delete from call where id = '{VICTIMS[place]}'",
               f"insert into erasure values ('{VICTIMS[place]}', 1, 1, 2)")  # fmt: skip
    return one_call(place, ("row_deleted", VICTIMS[place]))


@kind()
def a_hold_altered(office: Office, place: int) -> Named:
    office.sql(("update hold set reason = 'x'", "update hold set until_ns = 5", "delete from hold",
                "update hold set call = 'c-12'", "update hold set ended = 3, ended_ns = 3")[place])  # fmt: skip
    return Named((("hold_altered", "H"),), tuple(str(number) for number in range(40)))


@kind()
def the_catalogue_of_yesterday(office: Office, place: int) -> Named:
    for name in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (office.store / name).unlink(missing_ok=True)
    shutil.copy(office.yesterday / "catalogue.sqlite", office.store)
    today = ("c-20", "c-21", "c-22", "u-2")
    return Named(tuple(("row_deleted", call) for call in today), today)


@kind()
def a_line_of_a_day_altered(office: Office, place: int) -> Named:
    day = place % 3
    path = office.store / f"2026/11/{22 + day}/calls.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"0236411212"', b'"0236411213"', 1))
    return Named((("line_damaged", "calls.jsonl"),), (f"u-{day}",))


# --- register -----------------------------------------------------------------------------------------------


def _nth(office: Office, place: int) -> int:
    """An entry, by its index, somewhere in the register."""
    return 1 + (len(office.lines()) - 2) * place // (PLACES - 1)


@kind()
def an_entry_altered(office: Office, place: int) -> Named:
    lines, index = office.lines(), _nth(office, place)
    lines[index] = lines[index].replace(b'"at_ns":17', b'"at_ns":16')
    office.write_lines(lines)
    return Named((("register_altered", f"register/{index + 1}"),), _anybody(office))


@kind()
def an_entry_altered_and_all_links_computed_anew(office: Office, place: int) -> Named:
    lines, index = office.lines(), _nth(office, place)
    lines[index] = lines[index].replace(b'"at_ns":17', b'"at_ns":16')
    office.write_lines(lines, relink=True)
    return Named((("register_rewritten", "register"),), _anybody(office))


@kind()
def an_entry_deleted(office: Office, place: int) -> Named:
    lines, index = office.lines(), min(_nth(office, place), len(office.lines()) - 2)
    office.write_lines(lines[:index] + lines[index + 1 :])
    return Named((("register_missing", f"register/{index + 1}"),), _anybody(office))


@kind()
def an_entry_deleted_and_all_links_computed_anew(office: Office, place: int) -> Named:
    lines, index = office.lines(), _nth(office, place)
    office.write_lines(lines[:index] + lines[index + 1 :], relink=True)
    return Named((("register_rolled_back", "ends with entry"),), _anybody(office))


@kind()
def an_entry_inserted_and_all_links_computed_anew(office: Office, place: int) -> Named:
    lines, index = office.lines(), _nth(office, place)
    new = json.dumps({**json.loads(lines[index]), "kind": "release", "hold": 12}).encode()
    office.write_lines([*lines[:index], new, *lines[index:]], relink=True)
    return Named((("register_rewritten", "register"),), _anybody(office))


@kind()
def two_entries_swapped(office: Office, place: int) -> Named:
    lines, index = office.lines(), min(_nth(office, place), len(office.lines()) - 3)
    lines[index], lines[index + 1] = lines[index + 1], lines[index]
    office.write_lines(lines)
    stray = f"Entry {index + 1} of the register stands"
    found = ("register_missing", f"register/{index + 1}"), ("register_altered", stray)
    return Named(found, _anybody(office))


@kind()
def two_entries_swapped_and_all_links_computed_anew(office: Office, place: int) -> Named:
    lines, index = office.lines(), min(_nth(office, place), len(office.lines()) - 3)
    lines[index], lines[index + 1] = lines[index + 1], lines[index]
    office.write_lines(lines, relink=True)
    return Named((("register_rewritten", "register"),), _anybody(office))


@kind()
def the_tail_cut(office: Office, place: int) -> Named:
    office.write_lines(office.lines()[: -1 - place])
    return Named((("register_rolled_back", "its end was cut off"),), _anybody(office))


@kind(outside="second")
def the_tail_cut_with_its_checkpoints(office: Office, place: int) -> Named:
    """Rows and files of these entries go, too: only what lies elsewhere tells."""
    _cut_all(office, 3 + place)
    return Named((("register_rolled_back", "its end was cut off"),), _anybody(office))


@kind()
def the_register_of_yesterday(office: Office, place: int) -> Named:
    shutil.copy(office.yesterday / "register/00000001.jsonl", office.register)
    return Named((("register_rolled_back", "of an earlier time"),), _anybody(office))


@kind()
def the_register_deleted(office: Office, place: int) -> Named:
    office.register.unlink()
    return Named((("register_rolled_back", "ends with entry 0"),), _anybody(office))


@kind()
def a_checkpoint_altered(office: Office, place: int) -> Named:
    notes = office.notes(1 + place % 3)
    note = notes[place % len(notes)]
    said = Checkpoint.parse(note.text)
    another = Checkpoint(said.origin, said.size, bytes(32), said.extensions)
    notes[place % len(notes)] = Note(another.text, note.signatures)
    office.write_notes(1 + place % 3, notes)
    return Named((("checkpoint_altered", f"heads/{1 + place % 3:08d}"),))


@kind()
def a_signature_of_another_checkpoint(office: Office, place: int) -> Named:
    epoch = 1 + place % 3
    notes = office.notes(epoch)
    notes[0] = Note(notes[0].text, notes[1].signatures)
    office.write_notes(epoch, notes)
    return Named((("checkpoint_altered", f"heads/{epoch:08d}"),))


@kind()
def the_checkpoints_of_a_day_deleted(office: Office, place: int) -> Named:
    epoch = 1 + place % 2  # the newest key's are the next kind
    office.heads(epoch).unlink()
    return Named((("epoch_unsigned", f"key {epoch}"),))


@kind()
def the_last_checkpoint_of_a_key_deleted(office: Office, place: int) -> Named:
    epoch = 1 + place % 2
    office.write_notes(epoch, office.notes(epoch)[:-1])
    return Named((("epoch_unsigned", f"key {epoch}"),))


@kind()
def a_newer_key_for_an_old_epoch(office: Office, place: int) -> Named:
    """CVE-2023-31439: history is written anew, and signed with the key that is there now."""
    lines, first = office.lines(), office.number("recorded", VICTIMS[place % 2]) - 1
    lines[first] = lines[first].replace(b'"at_ns":17', b'"at_ns":16')
    office.write_lines(lines, relink=True)
    number, key = office.private()
    for epoch in range(1, number + 1):
        office.write_notes(epoch, office.resigned(office.notes(epoch), key))
    return Named((("key_out_of_span", "heads/00000001"), ("epoch_unsigned", "key 1")), _anybody(office))


@kind()
def old_keys_replaced_by_own_ones(office: Office, place: int) -> Named:
    """The entries that name keys are written anew, too: but nothing can vouch for the first key that is still true."""
    mine = {epoch: Ed25519PrivateKey.generate() for epoch in (1, 2)}
    lines = []
    for line in office.lines():
        fields = json.loads(line)
        if fields["kind"] == "epoch" and fields["epoch"] in mine:
            fields["key"] = checkpoint.vkey(office.origin, mine[fields["epoch"]].public_key())
        if fields.get("call") == VICTIMS[place % 2]:
            fields["at_ns"] += 1
        lines.append(json.dumps(fields).encode())
    office.write_lines(lines, relink=True)
    for epoch, key in mine.items():
        office.write_notes(epoch, office.resigned(office.notes(epoch), key))
    return Named((("register_rewritten", "00000003"),), _anybody(office))


@kind(outside="second")
def today_rewritten_with_the_stolen_key(office: Office, place: int) -> Named:
    _rewrite_today(office, place)
    return Named((("register_rewritten", "second.jsonl"),), _anybody(office))


@kind(outside="witness")
def today_rewritten_with_the_stolen_key_before_a_witness(office: Office, place: int) -> Named:
    _rewrite_today(office, place)
    return Named((("register_rewritten", "witness"),), _anybody(office))


@kind(outside="code")
def today_rewritten_with_the_stolen_key_and_a_printed_code(office: Office, place: int) -> Named:
    _rewrite_today(office, place)
    return Named((("register_rolled_back", "code"),), _anybody(office))


def _everything_of_yesterday(outside: str, text: str) -> None:
    def tamper(office: Office, place: int) -> Named:
        """Files, catalogue, register, checkpoints and keys: all as they were, and whole in themselves."""
        shutil.rmtree(office.store)
        shutil.copytree(office.yesterday, office.store, symlinks=True)
        if place:  # or of even earlier: a part of yesterday's end goes, too
            _cut_all(office, 1 + place)
        return Named((("register_rolled_back", text),))

    tamper.__name__ = f"everything_of_yesterday_before_{outside}"
    KINDS.append((tamper, outside))


for _outside, _text in (("witness", "witness"), ("second", "second.jsonl"), ("code", "code")):
    _everything_of_yesterday(_outside, _text)


# --- what a forger needs ------------------------------------------------------------------------------------


def _anybody(office: Office) -> tuple[str, ...]:
    """A register that was altered may throw doubt on any call."""
    return tuple(f"{one}-{day}{n}" for one in "c" for day in range(3) for n in range(3)) + ("u-0", "u-1", "u-2", "gone")


def _insert(office: Office, place: int) -> None:
    office.sql(
        "insert into call (number, id, started_ns, ended_ns, direction, outcome, end_reason, salt) select 99, 'new', "
        "started_ns, ended_ns, direction, 'unanswered', end_reason, '00112233445566778899aabbccddeeff' from call "
        f"where id = '{VICTIMS[place]}'"
    )


def _enter(office: Office, call_id: str) -> None:
    """A row's entry in the catalogue, computed from what it says now, with a chain that fits."""
    digest = records.digest(_row(office, call_id))
    office.sql(f"delete from entry where id = '{call_id}'",
               f"insert into entry select max(number) + 1, '{call_id}', x'{digest.hex()}', zeroblob(32) from entry",
               "insert or ignore into ring_call select number, started_ns, (select min(number) from scope), 0, 0, 0 "
               f"from call where id = '{call_id}'")  # fmt: skip
    _chain_anew(office)


def _row(office: Office, call_id: str) -> records.CallRecord:
    import asyncio
    import threading

    from storage.store import Store

    found: list[records.CallRecord] = []

    async def read() -> None:
        async with await Store.open_read_only(office.store) as store:
            call = await store.get(call_id)
            assert call is not None
            found.append(call)

    thread = threading.Thread(target=lambda: asyncio.run(read()))  # the test's own loop is running
    thread.start()
    thread.join()
    return found[0]


def _chain_anew(office: Office) -> None:
    connection = sqlite3.connect(office.store / "catalogue.sqlite", isolation_level=None)
    link = b""
    entries = connection.execute("select number, id, row_sha256 from entry order by number").fetchall()
    connection.execute("delete from entry")
    for number, (_, call_id, digest) in enumerate(entries, 1):
        link = rows.link(link, call_id, digest)
        connection.execute("insert into entry values (?, ?, ?, ?)", (number, call_id, digest, link))
    connection.close()


def _cut_all(office: Office, count: int) -> None:
    """The last entries, their rows and files, and every checkpoint that knew them."""
    lines = office.lines()[:-count]
    gone = [json.loads(line) for line in office.lines()[-count:]]
    office.write_lines(lines)
    for fields in gone:
        if fields["kind"] == "recorded":
            for path in office.store.glob(f"2026/*/*/*-{fields['call']}.wav"):
                path.unlink()
            office.sql(f"delete from call where id = '{fields['call']}'",
                       f"delete from entry where id = '{fields['call']}'",
                       f"delete from registered where id = '{fields['call']}'")  # fmt: skip
    for epoch in (1, 2, 3):
        if office.heads(epoch).exists():
            office.write_notes(epoch, [n for n in office.notes(epoch) if Checkpoint.parse(n.text).size <= len(lines)])
    last = json.loads(lines[-1])
    office.sql(f"update ring_state set applied = {last['number']}, applied_link = x'{last['link']}'")
    for path in office.store.glob("2026/*/*/calls.jsonl"):
        kept = [line for line in path.read_bytes().splitlines(keepends=True)
                if not any(one.get("call", "?").encode() in line for one in gone)]  # fmt: skip
        path.write_bytes(b"".join(kept)) if kept else path.unlink()
    _chain_anew(office)


def _rewrite_today(office: Office, place: int) -> None:
    """Who has the key of today says that a call of today had another caller, and that fits together."""
    victim = ("c-20", "c-21", "c-22", "u-2", "c-20")[place]
    office.sql(f"update call set caller = '031234567{place}' where id = '{victim}'")
    digest = records.row_digest(_row(office, victim)).hex()
    lines = []
    for line in office.lines():
        fields = json.loads(line)
        if fields["kind"] == "recorded" and fields["call"] == victim:
            fields["row"] = digest
        lines.append(json.dumps(fields).encode())
    lines = list(relinked(lines))
    office.write_lines(lines)
    number, key = office.private()
    office.write_notes(number, office.resigned(office.notes(number), key))
    office.sql(f"update ring_state set applied_link = x'{json.loads(lines[-1])['link']}'")
    _enter(office, victim)
