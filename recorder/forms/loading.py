"""An office's forms: the layouts of its regulation, the general ones, and those of a folder of its own.

A layout of the office's folder takes the place of the one of its name; a new name is a form more. A general form is
there for each kind that the office has no form of its own for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

from recorder.forms.layout import Kind, Layout
from recorder.forms.vocabulary import fault_of, fault_of_fact
from recorder.policy import offices
from recorder.policy.profile import Profile
from recorder.settings import UnusableSettings
from recorder.settings.checking import Fault, check, dotted
from recorder.settings.key_lines import KeyLines

LAYOUTS = Path(__file__).resolve().parent / "layouts"
COMMON = "common"
ENDING = ".toml"
WORDS = (
    "office.name", "office.place", "regulation.title", "word.recording", "word.copy", "word.manager", "word.operator",
    "word.erasing", "word.destroying", "post.manager",
)  # fmt: skip
MOST_BYTES = 256 * 1024
_ORDER = get_args(Kind)  # as the work goes
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A layout, with the office's own words for what every office has."""

    name: str
    layout: Layout
    words: Mapping[str, str]
    conditions: tuple[str, ...]  # that the regulation puts on whoever is given a copy, with articles
    is_own: bool  # of the office, not a general one

    @property
    def title(self) -> str:
        """With the office's words in it."""
        text = self.layout.title
        for name, word in self.words.items():
            text = text.replace(f"{{{name}}}", word)
        return text

    @property
    def kind(self) -> Kind:
        return self.layout.kind


class Forms(Mapping[str, Form]):
    """The forms by name, those of the regulation first. `faults` has a sentence for each layout of the office's own
    folder that was left out."""

    def __init__(self, forms: Mapping[str, Form], faults: tuple[str, ...] = ()) -> None:
        self._forms = dict(forms)
        self.faults = faults

    def __getitem__(self, name: str) -> Form:
        return self._forms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def of(self, kind: Kind) -> Form | None:
        """The office's form of that kind; None if there is none."""
        return next((one for one in self.values() if one.kind == kind), None)


def load_forms(office: str, folder: str | Path = "") -> Forms:
    """The forms of an office, a name or a path to a profile as `recorder.policy.offices.load` takes it; without one
    ("") the general ones. `folder` is `[desk] forms`: what is faulty there, or can't be read, is left out and told in
    `Forms.faults`, so that a slip in one form stops none of the others.

    Raises `Unusable` for an office that there isn't.
    """
    profile = offices.load(office) if office else None
    found: dict[str, tuple[Layout, bool]] = {}
    if office and not offices.is_path(office) and (LAYOUTS / office).is_dir():
        found.update((path.stem, (_shipped(path), True)) for path in _files(LAYOUTS / office))
    own, faults = _own(Path(folder)) if folder else ({}, [])
    found.update((name, (layout, True)) for name, layout in own.items())
    kinds = {layout.kind for layout, _ in found.values()}
    general = [(path.stem, _shipped(path)) for path in _files(LAYOUTS / COMMON)]
    for name, layout in sorted(general, key=lambda one: _ORDER.index(one[1].kind)):
        if layout.kind not in kinds and name not in found:
            found[name] = layout, False
    words, conditions = words_of(profile), conditions_of(profile)
    return Forms(
        {
            name: Form(name=name, layout=layout, words=words, conditions=conditions, is_own=is_own)
            for name, (layout, is_own) in found.items()
        },
        tuple(faults),
    )


def faults_in(folder: Path) -> list[str]:
    """What is wrong with an office's own folder of layouts, a sentence each, with file, line and key."""
    return _own(folder)[1]


def _own(folder: Path) -> tuple[dict[str, Layout], list[str]]:
    found: dict[str, Layout] = {}
    said: list[str] = []
    try:
        paths = _files(folder)
    except OSError as problem:
        return {}, [f"{folder}: {problem.strerror}."]
    for path in paths:
        try:
            layout, faults = _read(path)
        except OSError as problem:
            said.append(f"{path}: {problem.strerror}.")
            continue
        if not _NAME.fullmatch(path.stem):
            faults = [Fault(1, "", "a layout's name has small letters, digits and -, as in own-form.toml"), *faults]
        said.extend(f"{path}:{fault}" for fault in faults)
        if layout is not None and not faults:
            found[path.stem] = layout
    return found, said


def conditions_of(profile: Profile | None) -> tuple[str, ...]:
    """What whoever is given a copy has to keep to, with articles; where nothing is put on him, what the regulation says
    of copies' end."""
    if profile is None:
        return ()
    if profile.conditions:
        return tuple(f"{one.says}（{one.article}）" for one in profile.conditions)
    ends = profile.copies
    return (f"{ends.remark}（{ends.article}）",) if ends and ends.remark else ()


def words_of(profile: Profile | None) -> Mapping[str, str]:
    """What placeholders such as {word.copy} stand for; an office without a profile has the words of most."""
    from recorder.policy.profile import Words

    word = profile.words if profile else Words()
    post = next((one.post for one in profile.roles if one.role == "manager"), "") if profile else ""
    said = (
        profile.office.name if profile else "", profile.office.place if profile else "",
        profile.regulation.title if profile else "", word.recording, word.copy, word.manager, word.operator,
        word.erasing, word.destroying, post,
    )  # fmt: skip
    return dict(zip(WORDS, said, strict=True))


def is_layout(data: bytes) -> bool:
    """Whether this file is a layout: it has blocks, which neither settings nor profiles have."""
    import tomllib

    try:
        return "blocks" in tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False  # whoever checks the file says so


def faults_of(data: bytes) -> list[Fault]:
    """What is wrong with a layout, in the order of its lines."""
    return _checked(data)[1]


def _files(folder: Path) -> list[Path]:
    """OSError if it can't be listed."""
    return sorted(path for path in folder.iterdir() if path.suffix == ENDING and not path.name.startswith("."))


@lru_cache(maxsize=256)
def _shipped(path: Path) -> Layout:
    """One that comes with the program: it doesn't change while it runs."""
    layout, faults = _read(path)
    if layout is None:
        raise UnusableSettings(path, faults)
    return layout


def _read(path: Path) -> tuple[Layout | None, list[Fault]]:
    with path.open("rb") as file:
        return _checked(file.read(MOST_BYTES + 1))


def _checked(data: bytes) -> tuple[Layout | None, list[Fault]]:
    if len(data) > MOST_BYTES:
        return None, [Fault(1, "", f"a layout has at most {MOST_BYTES // 1024} KiB")]
    layout, faults = check(data, Layout)
    if layout is None:
        return None, faults
    lines = KeyLines(data.decode("utf-8-sig"))
    words = dict.fromkeys(WORDS, "")
    found = [(key, fault_of(text, words)) for key, text in layout.texts()]
    found += [(key, fault_of_fact(name)) for key, name in layout.conditions()]
    faults = [Fault(lines.of(key), dotted(key), what) for key, what in found if what]
    return (None, sorted(faults, key=lambda fault: fault.line)) if faults else (layout, [])
