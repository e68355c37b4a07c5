"""Whether the register is the one that was signed: its entries against every checkpoint there is of it.

A key is good for the checkpoints of its own span of entries alone: from the entry that names it to the entry that names
the next. So a key of today proves nothing about yesterday (the lesson of CVE-2023-31439), and yesterday's is gone.

Kinds of findings: docs/register.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from storage.register import checkpoint
from storage.register.checkpoint import Checkpoint, Note
from storage.register.code import code_of
from storage.register.heads import Head
from storage.register.survey import Epoch, Survey
from storage.register.tree import Tree

_TOLERANCE_S = 5


class Doubt(NamedTuple):
    """Something that isn't as it was signed."""

    kind: str
    where: str
    text: str
    is_known: bool = False  # an event that stands in the register, and is told each time


class Outside(NamedTuple):
    """A checkpoint that lies elsewhere: with a witness, on a second path, in a file."""

    name: str  # what to call it in a sentence
    note: Note


def check(
    survey: Survey, origin: str, found: Sequence[Head], outside: Sequence[Outside] = (), codes: Sequence[str] = ()
) -> Iterator[Doubt]:
    """Everything that doesn't fit, in the order of the register."""
    sizes = {head.checkpoint.size for head in found if head.checkpoint is not None}
    for one in outside:
        sizes.add(Checkpoint.parse(one.note.text).size)
    roots = _roots(survey, sizes)
    yield from _events(survey)
    good: set[tuple[int, int]] = set()  # (number of the key, entries that it signed rightly)
    judged: dict[str, list[Doubt]] = {}
    last_good = 0
    for head in found:
        where = f"register/heads/{head.epoch:08d}.jsonl"
        if head.note is None or head.checkpoint is None:
            yield Doubt("checkpoint_altered", where, f"Line {head.line} of {where} is no checkpoint.")
            continue
        text = head.note.text
        if all(one.name != origin for one in head.note.signatures) and text in judged:
            continue  # what witnesses added to one that was looked at
        name = f"the checkpoint on line {head.line} of {where}"
        signed, doubts = _judge(survey, origin, name, where, head.note, head.checkpoint, roots, last_good)
        if any(head.checkpoint.size in span for span in survey.mended):  # told by the event
            doubts = [one for one in doubts if one.kind != "register_rewritten"]
        judged[text] = doubts
        yield from doubts
        if not doubts:
            last_good = max(last_good, head.checkpoint.size)
            good |= {(epoch, head.checkpoint.size) for epoch in signed}
    yield from _unsigned(survey, good, {head.epoch for head in found})
    for one in outside:
        said = Checkpoint.parse(one.note.text)
        yield from _judge(survey, origin, one.name, "register", one.note, said, roots, last_good)[1]
    if codes:
        yield from _check_codes(survey, origin, codes)


def _roots(survey: Survey, sizes: set[int]) -> dict[int, bytes]:
    """The root of the register as it lies there, at each of these sizes."""
    tree, found = Tree(), {}
    for index in range(max((one for one in sizes if one <= survey.leaves.size), default=-1) + 1):
        if index in sizes:
            found[index] = tree.root()
        if index < survey.leaves.size:
            tree.append(survey.leaves[index])
    return found


def _judge(
    survey: Survey, origin: str, name: str, where: str, note: Note, said: Checkpoint, roots: dict[int, bytes],
    last_good: int,
) -> tuple[list[int], list[Doubt]]:
    """Which keys signed a checkpoint rightly, and what is wrong with it or with the entries that it signs."""
    if said.origin != origin:
        return [], [Doubt("checkpoint_altered", where, f"{_upper(name)} is of another register ({said.origin}).")]
    signed, doubts = _signers(survey, origin, name, where, note, said)
    if said.size > survey.leaves.size:
        text = (
            f"The register ends with entry {survey.leaves.size}, and had {said.size} by the word of {name}: "
            "its end was cut off, or all of it is of an earlier time."
        )
        return signed, [*doubts, Doubt("register_rolled_back", "register", text)]
    if roots[said.size] != said.root:
        first = last_good + 1 if last_good < said.size else 1
        text = f"One of the entries {first} to {said.size} of the register isn't the one that {name} is of."
        return signed, [*doubts, Doubt("register_rewritten", f"register/{first}", text)]
    return signed, doubts


def _signers(
    survey: Survey, origin: str, name: str, where: str, note: Note, said: Checkpoint
) -> tuple[list[int], list[Doubt]]:
    signed: list[int] = []
    doubts: list[Doubt] = []
    ours = [one for one in note.signatures if one.name == origin]
    for position, epoch in enumerate(survey.epochs):
        if all(one.key_id != checkpoint.key_id(origin, epoch.key.key) for one in ours):
            continue
        if not checkpoint.verify(note, origin, epoch.key.key):
            doubts.append(Doubt("checkpoint_altered", where, f"{_upper(name)} was altered: its signature is wrong."))
            continue
        following = survey.epochs[position + 1] if position + 1 < len(survey.epochs) else None
        if said.size < epoch.number or (following is not None and said.size > following.number):
            span = f"{epoch.number} on" if following is None else f"{epoch.number} to {following.number}"
            text = f"{_upper(name)} is of entry {said.size}, and its key ({epoch.epoch}) is good for entries {span}."
            doubts.append(Doubt("key_out_of_span", where, text))
        elif not _is_timely(survey, epoch, following, said):
            text = f"{_upper(name)} was made at a time at which its key ({epoch.epoch}) wasn't in use."
            doubts.append(Doubt("key_out_of_span", where, text))
        else:
            signed.append(epoch.epoch)
    if not signed and not doubts:
        text = f"{_upper(name)} isn't signed by any key that the register knows."
        doubts.append(Doubt("checkpoint_altered", where, text))
    return signed, doubts


def _is_timely(survey: Survey, epoch: Epoch, following: Epoch | None, said: Checkpoint) -> bool:
    """Whether a checkpoint says a time at which its key was in use. A clock that was set within that span proves
    nothing."""
    time = said.extension(checkpoint.TIME)
    if time is None or not time.isdecimal():
        return False
    until = following.number if following is not None else survey.leaves.size
    if any(epoch.number <= number <= until for number in survey.clock_steps):
        return True
    at_s = int(time)
    is_early = at_s < epoch.at_ns // 1_000_000_000 - _TOLERANCE_S
    is_late = following is not None and at_s > following.at_ns // 1_000_000_000 + 86_400  # the keeper was down
    return not is_early and not is_late


def _unsigned(survey: Survey, good: set[tuple[int, int]], there: Iterable[int]) -> Iterator[Doubt]:
    """Each key but the first is vouched for by the one before, in a checkpoint that ends with the entry naming it."""
    for before, epoch in zip(survey.epochs, survey.epochs[1:], strict=False):
        is_begun = any(number == epoch.epoch for number, _ in good) or epoch.number < survey.leaves.size
        if epoch.is_anew or (before.epoch, epoch.number) in good or not is_begun:
            continue
        text = (
            f"Key {epoch.epoch} (entry {epoch.number}) isn't vouched for by key {before.epoch}: what was signed of the "
            f"entries {before.number} to {epoch.number} is gone or wrong."
        )
        yield Doubt("epoch_unsigned", f"register/{epoch.number}", text)
    known = {epoch.epoch for epoch in survey.epochs}
    for number in sorted(set(there) - known):
        where = f"register/heads/{number:08d}.jsonl"
        text = f"The register doesn't know key {number}, of which {where} has checkpoints."
        yield Doubt("checkpoint_altered", where, text)
    if survey.epochs and not good and survey.leaves.size > survey.epochs[-1].number:
        text = "The register names keys, and not one checkpoint that they signed is there."
        yield Doubt("epoch_unsigned", f"register/{survey.epochs[-1].number}", text)


def _events(survey: Survey) -> Iterator[Doubt]:
    for entry in survey.events:
        text = (
            f"The register was damaged from entry {entry.fields['first']} on, and mended (entry {entry.number}, by "
            f"{entry.who}): {entry.fields['lost']} entries are lost, and what was signed of those in between proves "
            f"nothing any more. What was there lies in {entry.fields['damaged']}."
        )
        yield Doubt("register_mended", f"register/{entry.number}", text, is_known=True)
    for position, epoch in enumerate(survey.epochs):
        if epoch.is_anew and position:
            text = f"Keys were lost: key {epoch.epoch} began with entry {epoch.number}, and none before vouches for it."
            yield Doubt("keys_begun_anew", f"register/{epoch.number}", text, is_known=True)


def _check_codes(survey: Survey, origin: str, codes: Sequence[str]) -> Iterator[Doubt]:
    """Whether the register went through the states that codes on paper stand for."""
    wanted, tree = set(codes), Tree()
    for index in range(survey.leaves.size + 1):
        wanted.discard(code_of(Checkpoint(origin, index, tree.root())))
        if not wanted:
            return
        if index < survey.leaves.size:
            tree.append(survey.leaves[index])
    for code in sorted(wanted):
        text = f"The register never was what the code {code} stands for: it was altered, or is of an earlier time."
        yield Doubt("register_rolled_back", "register", text)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
