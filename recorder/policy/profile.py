"""What an office's profile (config/offices/NAME.toml) may say.

A profile says only what the regulation says, and names the article of each thing. Where the regulation says nothing,
the profile has no such table or key. Where its text wasn't at hand, `regulation.source` tells what stood for it, and
articles are named by that source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from recorder.settings.bounds import STRICT, Refused, Within
from recorder.settings.keeping import Keeping

Text = Annotated[str, Within(min_length=1, max_length=400)]
Article = Annotated[str, Within(min_length=1, max_length=100)]
Name = Annotated[str, Within(pattern="^[a-z][a-z0-9-]*$", max_length=32)]

Asks = Literal["copy", "extension", "disclosure", "investigation"]  # kinds of applications: recorder.door.cases
Act = Literal["listen", "use", "copy", "provide", "extend", "extend_copies"]
Duty = Literal[
    "publish", "unaltered", "erase_promptly", "erase_on_return", "few_users", "secrecy", "safeguard", "locked_room",
    "register", "application", "complaints", "identity_check", "disclosure", "contract", "notice", "purpose_only",
    "personal_data",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Whose regulation it is."""

    __pydantic_config__ = STRICT

    name: Text
    reading: Text
    english: Text
    place: str = ""  # the buildings or the centre that it is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    """Which regulation."""

    __pydantic_config__ = STRICT

    title: Text
    source: Literal["text", "table", "described"]  # its text; another city's table of it; a description of it
    note: str = ""  # what the source is, if it isn't the text
    number: str = ""
    issued: date | None = None
    in_force: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The office's own words for things. What isn't given has the word that most offices use."""

    __pydantic_config__ = STRICT

    recording: Text = "通話録音データ"
    copy: Text = "複製データ"
    manager: Text = "管理責任者"
    operator: Text = "取扱者"
    erasing: Text = "消去"  # of a recording
    destroying: Text = "廃棄"  # of a copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that an article says, in short."""

    __pydantic_config__ = STRICT

    says: Text
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is recorded."""

    __pydantic_config__ = STRICT

    article: Article
    lines: Literal["outside", "all"] | None = None  # None here and below: the regulation doesn't say
    start: tuple[Literal["automatic", "by_hand", "mid_call"], ...] = ()
    never: tuple[Said, ...] = ()  # kinds of lines that aren't recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerNotice:
    """How the other party is told."""

    __pydantic_config__ = STRICT

    article: Article
    inbound: Literal["announcement", "staff", "none"] | None = None
    outbound: Literal["announcement", "staff", "none"] | None = None
    exceptions: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Keeping):
    """How long recordings are kept."""

    __pydantic_config__ = STRICT

    remark: str = ""

    def __post_init__(self) -> None:
        Keeping.__post_init__(self)
        if self.rule() is None:
            raise Refused("retention needs a period or a capacity")
        if not self.article:
            raise Refused("retention needs an article")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies(Keeping):
    """How long copies are kept: for a period, or until their purpose is met."""

    __pydantic_config__ = STRICT

    until_purpose_met: bool = False
    remark: str = ""

    def __post_init__(self) -> None:
        Keeping.__post_init__(self)
        if self.rule() is not None and self.until_purpose_met:
            raise Refused("copies have a period, or are kept until their purpose is met", key=("until_purpose_met",))
        if not self.article:
            raise Refused("copies need an article")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Whether a recording may be listened to where it is kept."""

    __pydantic_config__ = STRICT

    how: Literal["for_the_purpose", "on_grounds", "copies_only"]
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A listed case, and the acts that it allows: each with the article that allows it."""

    __pydantic_config__ = STRICT

    name: Name  # what commands call it
    title: Text
    article: Article  # where it is listed
    listen: str = ""
    use: str = ""
    copy: str = ""
    provide: str = ""
    extend: str = ""  # keep a recording beyond its period
    extend_copies: str = ""
    in_writing: bool = False
    form: str = ""  # the name of the form that is needed
    asks: tuple[Asks, ...] = ()  # the kinds of applications that it is for; (): all but `extension`

    def allows(self) -> dict[Act, str]:
        """The acts, each with its article."""
        acts: dict[Act, str] = {
            "listen": self.listen, "use": self.use, "copy": self.copy, "provide": self.provide,
            "extend": self.extend, "extend_copies": self.extend_copies,
        }  # fmt: skip
        return {act: article for act, article in acts.items() if article}


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who does what."""

    __pydantic_config__ = STRICT

    role: Literal["manager", "deputy", "operator", "applicant", "contractor"]
    post: Text  # who that is, or how they are chosen
    article: Article
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyOf:
    """What must be done besides."""

    __pydantic_config__ = STRICT

    duty: Duty
    says: Text
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Within how many days something has to be done, where the regulation says otherwise than the law."""

    __pydantic_config__ = STRICT

    article: Article
    disclosure_days: Annotated[int, Within(ge=1, le=366)] | None = None  # decide, from the day after the application
    application_days: Annotated[int, Within(ge=1, le=366)] | None = None  # answer any other application


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """How the office numbers what it sends (文書番号): counted anew with each fiscal year."""

    __pydantic_config__ = STRICT

    reply: Annotated[str, Within(pattern=r"^[^{}]*\{number\}[^{}]*$", max_length=64)]  # as in 管財発第{number}号
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of the regulation."""

    __pydantic_config__ = STRICT

    name: Name
    title: Text
    number: Text  # as in 様式第1号
    article: Article
    sender: str = ""
    recipient: str = ""
    fields: tuple[Text, ...] = ()
    choices: tuple[Text, ...] = ()  # of which one is marked
    choice_grounds: tuple[Name, ...] = ()  # the ground that each choice stands for, if they stand for grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One office's regulation."""

    __pydantic_config__ = STRICT

    office: Office
    regulation: Regulation
    retention: Retention
    words: Words = Words()
    purposes: tuple[Said, ...] = ()
    scope: Scope | None = None
    notice: CallerNotice | None = None
    copies: Copies | None = None
    standings: tuple[Said, ...] = ()  # what recordings and copies are before other laws
    listening: Listening | None = None
    grounds: tuple[Ground, ...] = ()
    conditions: tuple[Said, ...] = ()  # put on whoever is given a recording
    roles: tuple[Role, ...] = ()
    duties: tuple[DutyOf, ...] = ()
    forms: tuple[Form, ...] = ()
    clocks: Clocks | None = None
    numbering: Numbering | None = None

    def __post_init__(self) -> None:
        forms = {form.name for form in self.forms}
        names: set[str] = set()
        for number, ground in enumerate(self.grounds):
            if ground.form and ground.form not in forms:
                raise Refused(f"there is no form {ground.form}", key=("grounds", number, "form"))
            if ground.name in names:
                raise Refused(f"there are two grounds {ground.name}", key=("grounds", number, "name"))
            if not ground.allows():
                raise Refused("a ground allows at least one act", key=("grounds", number))
            names.add(ground.name)
        for number, form in enumerate(self.forms):
            if form.choice_grounds and len(form.choice_grounds) != len(form.choices):
                raise Refused("each choice stands for a ground, or none does", key=("forms", number, "choice_grounds"))
            if missing := [one for one in form.choice_grounds if one not in names]:
                raise Refused(f"there is no ground {missing[0]}", key=("forms", number, "choice_grounds"))
