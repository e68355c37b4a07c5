"""What an entry of the register means for the catalogue. Applying one twice changes nothing.

Kinds that mean nothing here (`begun`, `cut`, `swept`, and those to come) are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from storage import text
from storage.rebuild import dayfile
from storage.register import Entry
from storage.ring.parties import Kept
from storage.ring.values import ALWAYS_NS, NEVER_NS

Statement = tuple[str, tuple[Any, ...]]
FindParty = Callable[[Kept], str | None]  # the number that a hold is for, None if it is lost

HOLD, RELEASE, ERASED, MOVED, POLICY, MEDIUM, SWEPT, RECORDED = (
    "hold", "release", "erased", "moved", "policy", "medium", "swept", "recorded",
)  # fmt: skip

_HOLD = (
    "insert or ignore into hold (number, placed_ns, who, ground, reason, until_ns, call, party, party_file, section, "
    "from_ns, to_ns) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_RELEASE = (
    "update hold set ended = ?, ended_ns = ?, party = null, party_file = null where number = ? and ended is null"
)
_ERASURE = "insert or replace into erasure (id, started_ns, erased_ns, entry) values (?, ?, ?, ?)"
_DOOMED = "insert or ignore into doomed (medium, path, id) values (?, ?, ?)"
# A move that a crash cut off may have left a copy on the second medium, whole or not.
_DOOMED_COPIES = "insert or ignore into doomed (medium, path, id) select number, ?, ? from medium"
COPYING = ".copying"  # a copy's name as long as it isn't whole
_POLICY = (
    "insert or ignore into policy (number, since_ns, office, applies, policy, ring, who, reason) "
    "values (?, ?, ?, ?, ?, ?, ?, ?)"
)
_REGISTERED = "insert or replace into registered (id, entry) values (?, ?)"
_APPLIED = "update ring_state set applied = ?, applied_link = ?"


def statements(entries: Sequence[Entry], find_party: FindParty) -> list[Statement]:
    """What brings a catalogue up to the last of these entries, for one transaction. ValueError if an entry of a kind
    that means something doesn't have the fields that it must have."""
    found: list[Statement] = []
    for entry in entries:
        try:
            if (make := _KINDS.get(entry.kind)) is not None:
                found += make(entry, find_party)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"entry {entry.number} of the register is no {entry.kind}") from error
    return found


def applied(entry: Entry) -> Statement:
    """Notes that the register is applied up to this entry."""
    return _APPLIED, (entry.number, entry.link)


def _hold(entry: Entry, find_party: FindParty) -> list[Statement]:
    fields = entry.fields
    kept = None if fields.get("party") is None else Kept(**fields["party"])
    party = None if kept is None else find_party(kept)
    section = fields.get("section")
    # A hold whose number is lost holds every call of its span and section: too much is kept rather than too little.
    row = (
        entry.number, entry.at_ns, text.escape(entry.who), fields["ground"], text.escape(fields["reason"]),
        fields["until_ns"], fields.get("call"), None if party is None else text.escape(party),
        None if kept is None else kept.name,
        None if section is None else text.escape(section), fields.get("from_ns", ALWAYS_NS),
        fields.get("to_ns", NEVER_NS),
    )  # fmt: skip
    return [(_HOLD, row)]


def _release(entry: Entry, _: FindParty) -> list[Statement]:
    return [(_RELEASE, (entry.number, entry.at_ns, entry.fields["hold"]))]


def _erased(entry: Entry, _: FindParty) -> list[Statement]:
    found: list[Statement] = []
    for call in entry.fields["calls"]:
        call_id, started_ns, path = call["id"], call["started_ns"], call.get("path")
        found.append(("delete from call where id = ?", (call_id,)))
        found.append(("delete from registered where id = ?", (call_id,)))
        found.append((_ERASURE, (call_id, started_ns, entry.at_ns, entry.number)))
        if path is not None:
            medium = call.get("medium", 0)
            found.append((_DOOMED, (medium, path, call_id)))
            if medium == 0:
                found += [(_DOOMED_COPIES, (name, call_id)) for name in (path, path + COPYING)]
        found.append((_DOOMED, (0, dayfile.path_of(started_ns), call_id)))
    return found


def _recorded(entry: Entry, _: FindParty) -> list[Statement]:
    return [(_REGISTERED, (entry.fields["call"], entry.number))]


def _moved(entry: Entry, _: FindParty) -> list[Statement]:
    found: list[Statement] = []
    medium = entry.fields["medium"]
    for call in entry.fields["calls"]:
        for table in ("recording", "ring_call"):
            found.append((f"update {table} set medium = ? where call = (select number from call where id = ?)",
                          (medium, call["id"])))  # fmt: skip
        found.append((_DOOMED, (0, call["path"], call["id"])))
    return found


def _policy(entry: Entry, _: FindParty) -> list[Statement]:
    fields = entry.fields
    policy, ring = (json.dumps(fields[name], sort_keys=True, separators=(",", ":")) for name in ("policy", "ring"))
    row = (
        entry.number, entry.at_ns, fields["office"], fields["applies"], policy, ring, text.escape(entry.who),
        text.escape(fields["reason"]),
    )  # fmt: skip
    return [(_POLICY, row)]


def _medium(entry: Entry, _: FindParty) -> list[Statement]:
    fields = entry.fields
    sql = "insert or replace into medium (number, uuid, path) values (?, ?, ?)"
    return [(sql, (fields["medium"], fields["uuid"], fields["path"]))]


_KINDS: dict[str, Callable[[Entry, FindParty], list[Statement]]] = {
    HOLD: _hold, RELEASE: _release, ERASED: _erased, MOVED: _moved, POLICY: _policy, MEDIUM: _medium,
    RECORDED: _recorded,
}  # fmt: skip
