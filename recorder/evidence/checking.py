"""The check of a package, from its files and the public key that the office made known, and nothing else.

`check` says what is wrong, what is proved and what stays open, as remarks whose codes stand in page/sentences.json.
verify.html makes the same remarks (page/checks.js): the tests hold the two against each other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from recorder.contract_form import rfc3339
from recorder.evidence import names, sealed_checks, signers
from recorder.evidence.remark import Remark
from recorder.evidence.timestamp import UnusableStamp, read
from recorder.evidence.words import in_fours
from storage import layout, records
from storage.marks import MARK_BYTES
from storage.register import tree
from storage.register.checkpoint import Checkpoint, Note
from storage.wav import HEADER_BYTES

_SECOND_NS = 1_000_000_000
_CALL_IN_HEAD = re.compile(rb'"id":"([A-Za-z0-9-]{1,64})"')
_SUM = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)")


def check(files: Mapping[str, bytes], *, published: str | None = None, root: bytes | None = None) -> list[Remark]:
    """Checks the files of a package, by name. `published` is the public key that was made known, `root` the
    certificate (PEM) that vouches for the time-stamp authority; without them the remarks say what stays open.
    ValueError for a published key that is none."""
    return list(_Check(files, signers.published(published) if published else None, root).remarks())


class _Check:
    """One package, in memory."""

    def __init__(self, files: Mapping[str, bytes], published: signers.Published | None, root: bytes | None) -> None:
        self._files = files
        self._published = published
        self._root = root
        self._sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        self._blamed: set[str] = set()  # a file is blamed once

    def remarks(self) -> Iterator[Remark]:
        manifest = self._object(names.MANIFEST)
        if manifest is None or not _is_manifest(manifest):
            yield self._fault("unreadable" if names.MANIFEST in self._files else "missing", names.MANIFEST)
            return
        of_papers = self._sums_listed()
        yield from self._manifest(manifest, of_papers)
        yield from self._papers(of_papers)
        entry = None
        if names.REGISTER in manifest["files"]:
            entry, found = self._register(manifest.get("call"))
            yield from found
        else:
            yield Remark("unsigned")
        facts, found = self._facts(entry)
        yield from found
        yield from self._audio(manifest.get("recording"), facts, entry)
        yield from self._sealed(manifest)
        if not self._blamed:
            yield Remark("files_whole", {"count": str(len(self._files))})
        for code in ("papers", "people", "before"):
            yield Remark(code)

    # --- the files ------------------------------------------------------------------------------------------

    def _manifest(self, manifest: dict[str, Any], of_papers: Mapping[str, str]) -> Iterator[Remark]:
        """Each file against the manifest, and the manifest against what the papers say of it: one of three that says
        otherwise than the others is the one that was altered."""
        sum_ = self._sums[names.MANIFEST]
        custody = self._object(names.CUSTODY) or {}
        cover = self._files.get(names.COVER_HTML, b"").decode("utf-8", "replace")
        votes = (sum_ == of_papers.get(names.MANIFEST), sum_ == custody.get("manifest_sha256"), in_fours(sum_) in cover)
        is_right = any(votes)
        if not is_right:
            yield self._fault("altered", names.MANIFEST)
        for name, said in sorted(manifest["files"].items()):
            if name not in self._files:
                yield self._fault("missing", name)
            elif self._sums[name] != said.get("sha256"):
                if not is_right:
                    yield Remark("differs_from_altered", {"file": name})
                elif name != manifest.get("recording"):  # of which more can be said
                    yield self._fault("altered", name)
        for name in sorted(set(self._files) - set(manifest["files"]) - {names.MANIFEST, *names.OF_CUSTODY}):
            yield self._fault("extra", name)

    def _sums_listed(self) -> dict[str, str]:
        """What custody.sha256 says."""
        lines = self._files.get(names.SUMS, b"").decode("ascii", "replace").splitlines()
        return {found[2]: found[1] for line in lines if (found := _SUM.fullmatch(line))}

    def _papers(self, of_papers: Mapping[str, str]) -> Iterator[Remark]:
        for name in sorted({*names.OF_CUSTODY}):
            if name not in self._files:
                yield self._fault("missing", name)
        lines = self._files.get(names.SUMS, b"").count(b"\n")
        if names.SUMS in self._files and (
            lines != len(of_papers) or set(of_papers) != {names.MANIFEST, *names.OF_CUSTODY} - {names.SUMS}
        ):
            yield self._fault("unreadable", names.SUMS)
            return
        for name, said in sorted(of_papers.items()):
            if name in self._files and self._sums[name] != said and name not in self._blamed:
                # The manifest has other witnesses: if it is right, the line is wrong.
                yield self._fault("altered", names.SUMS if name == names.MANIFEST else name)

    # --- the register ---------------------------------------------------------------------------------------

    def _register(self, call: Any) -> tuple[dict[str, Any] | None, list[Remark]]:
        """The entry of the call, if it is one that was signed; and what there is to say of it."""
        said = self._object(names.REGISTER)
        try:
            line = said["entry"].encode("ascii")  # type: ignore[index]
            number, size = int(said["number"]), int(said["size"])  # type: ignore[index]
            proof = [bytes.fromhex(one) for one in said["proof"]]  # type: ignore[index]
            entry = json.loads(line)
            is_of_call = (entry["kind"], entry["call"], entry["number"]) == ("recorded", call, number)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            return None, [self._fault("unreadable", names.REGISTER)]
        try:
            note = Note.parse(self._files.get(names.CHECKPOINT, b""))
            checkpoint = Checkpoint.parse(note.text)
        except ValueError:
            return entry, [self._fault("unreadable", names.CHECKPOINT)]
        found = list(self._signatures(note, checkpoint))
        is_included = size == checkpoint.size and tree.verify_inclusion(
            tree.leaf_hash(line), number - 1, size, proof, checkpoint.root
        )
        if not is_included and names.CHECKPOINT not in self._blamed:
            found.append(self._fault("not_included", names.REGISTER))
        elif not is_of_call:
            found.append(self._fault("entry_differs", names.REGISTER))
        elif is_included:
            found.append(Remark("included", {"number": str(number), "size": str(size)}))
        found += self._stamp(note.text.encode())
        return (entry if is_included and is_of_call else None), found

    def _signatures(self, note: Note, checkpoint: Checkpoint) -> Iterator[Remark]:
        for one in signers.judge(self._object(names.KEYS), note, checkpoint, self._published):
            file = names.CHECKPOINT if one.code in ("not_signed", "not_cosigned") else names.KEYS
            yield self._fault(one.code, file, **one.values) if one.kind == "fault" else one

    def _stamp(self, text: bytes) -> Iterator[Remark]:
        stamp = self._files.get(names.STAMP)
        if stamp is None:
            yield Remark("no_stamp")
            return
        try:
            said = read(stamp, text, self._root)
        except UnusableStamp:
            if names.CHECKPOINT not in self._blamed:
                yield self._fault("stamp_differs", names.STAMP)
            return
        yield Remark("stamped", {"time": rfc3339(said.at_ns)[:19]})
        yield Remark("stamp_unchecked" if self._root is None else "stamp_vouched")

    # --- the call -------------------------------------------------------------------------------------------

    def _facts(self, entry: dict[str, Any] | None) -> tuple[dict[str, Any] | None, list[Remark]]:
        """What is said of the call, if it is what was entered (or can't be compared)."""
        facts = self._object(names.FACTS)
        try:
            records.from_dict(facts)
        except ValueError:
            return None, [self._fault("unreadable", names.FACTS)] if names.FACTS in self._files else []
        if entry is None:
            return facts, []
        if self._sums[names.FACTS] != entry.get("row"):
            return None, [self._fault("facts_differ", names.FACTS)]
        return facts, [Remark("facts_proved")]

    def _audio(self, name: Any, facts: dict[str, Any] | None, entry: dict[str, Any] | None) -> Iterator[Remark]:
        if name is None:
            yield Remark("no_recording")
            return
        data = self._files.get(name)
        if data is None:
            return  # told
        audio = (facts or {}).get("recording") or {}
        lines = self._files.get(names.SECONDS, b"").decode("ascii", "replace")
        marks = bytes.fromhex(lines.replace("\n", "")) if re.fullmatch(r"([0-9a-f]{8}\n)*", lines) else b""
        expected = audio.get("sha256") or self._said_of(name)
        if self._sums[name] == expected:
            if entry is not None and facts is not None:
                yield Remark("audio_proved", {"file": name})
            return
        yield self._altered(name, data, facts, marks)

    def _sealed(self, manifest: dict[str, Any]) -> Iterator[Remark]:
        """The keys of a sealed recording, and its copy: what they are, and who can compare them."""
        said, recording = sealed_checks.said_of(manifest), manifest.get("recording")
        if said is None or recording is None:
            return
        data = self._files.get(recording)
        if data is not None and recording not in self._blamed:
            if sealed_checks.records_sha256(data) != said.records_sha256:
                yield self._fault("records_differ", names.MANIFEST)
            yield Remark("sealed", {"file": recording, "command": sealed_checks.command(recording, said.keys)})
        copy = None if said.copy is None else self._files.get(said.copy)
        if said.copy is None or copy is None or said.copy in self._blamed:
            return
        samples = hashlib.sha256(memoryview(copy)[sealed_checks.COPY_HEAD_BYTES :]).hexdigest()
        if samples != said.samples_sha256:
            yield self._fault("copy_differs", said.copy)
        else:
            yield Remark("copy", {"file": said.copy, "recording": recording, "samples": samples})

    def _said_of(self, name: str) -> Any:
        """The hash that the manifest has, where the call's facts can't be believed."""
        return self._object(names.MANIFEST)["files"][name].get("sha256")  # type: ignore[index]

    def _altered(self, name: str, data: bytes, facts: dict[str, Any] | None, marks: bytes) -> Remark:
        """Where a recording was altered first, by the marks of its seconds."""
        call, audio = (facts or {}).get("id"), (facts or {}).get("recording")
        other = _call_of(data, is_sealed=name.endswith(layout.SEALED))
        if other is not None and call is not None and other != call and hashlib.sha256(data[:HEADER_BYTES]).digest()[
            :MARK_BYTES
        ] != marks[:MARK_BYTES]:  # fmt: skip
            return self._fault("other_call", name, call=other)
        if not marks or names.SECONDS in self._blamed or audio is None:
            return self._fault("audio_altered_somewhere", name)
        second = max(1, audio["rate_hz"] * audio["channels"]) * (2 if audio["encoding"] == "pcm16" else 1)
        first = _first_difference(data, marks, second)
        if audio.get("sealed_bytes") is not None:
            whole = HEADER_BYTES + (first - 1) * second if first else 0
            after = sealed_checks.second_before(data, whole, audio["frames"])
            if after is None:
                return self._fault("audio_altered_somewhere", name)
            clock = _clock(audio["starts_ns"] + after * _SECOND_NS)
            return self._fault("sealed_altered", name, **{"from": str(after), "clock": clock})
        if first == 0:
            return self._fault("head_altered", name)
        at_ns = audio["starts_ns"] + (first - 1) * _SECOND_NS
        return self._fault("audio_altered", name, **{"from": str(first - 1), "to": str(first), "clock": _clock(at_ns)})

    # --- in detail ------------------------------------------------------------------------------------------

    def _object(self, name: str) -> dict[str, Any] | None:
        """What a file of JSON says, None if that is no object."""
        try:
            said = json.loads(self._files.get(name, b""))
        except (ValueError, RecursionError):
            return None
        return said if isinstance(said, dict) else None

    def _fault(self, code: str, file: str, **values: str) -> Remark:
        self._blamed.add(file)
        return Remark(code, {"file": file, **values})


def _is_manifest(said: dict[str, Any]) -> bool:
    """Whether it has the form of one."""
    files, recording = said.get("files"), said.get("recording")
    if not (
        isinstance(files, dict)
        and all(isinstance(one, dict) for one in files.values())
        and (recording is None or (isinstance(recording, str) and recording in files))
        and isinstance(said.get("call"), str)
    ):
        return False
    try:
        sealed_checks.said_of(said)
    except ValueError:
        return False
    return True


def _call_of(data: bytes, *, is_sealed: bool) -> str | None:
    """Whose recording a file says to be; None if it doesn't."""
    if is_sealed:
        return sealed_checks.call_of(data)
    found = _CALL_IN_HEAD.search(data[:HEADER_BYTES])
    return found[1].decode() if found else None


def _first_difference(data: bytes, marks: bytes, second: int) -> int:
    """The number of the first mark that the data doesn't have: 0 of the head, n of the n-th second. Beginnings that are
    alike come before all that aren't, so it is looked for by halves."""

    def is_alike(number: int) -> bool:
        end = min(HEADER_BYTES + number * second, len(data))
        mark = marks[number * MARK_BYTES : (number + 1) * MARK_BYTES]
        return hashlib.sha256(memoryview(data)[:end]).digest()[:MARK_BYTES] == mark

    low, high = 0, len(marks) // MARK_BYTES
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if is_alike(middle) else (low, middle)
    return low


def _clock(at_ns: int) -> str:
    """As in 09:15:02, in Japan."""
    return rfc3339(at_ns)[11:19]
