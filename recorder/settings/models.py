"""What an engineer may write into recorder.toml, table by table, with the defaults.

The models are plain frozen dataclasses. Pydantic checks them, but is imported only when there is a file to check:
it costs more processor time than replaying a small capture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


class Within:
    """Bounds of a value, in pydantic's names: ge, gt, le, min_length, max_length, pattern.

    (annotated-types would do, and takes 15 ms.)
    """

    def __init__(self, **bounds: float | str) -> None:
        self._bounds = bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        schema: dict[str, Any] = {**handler(source), **self._bounds}
        return cast("CoreSchema", schema)


class AgeKey:
    """An age public key. What isn't one is refused without being shown: it may be the secret half."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self._checked, handler(source))

    @staticmethod
    def _checked(text: str) -> str:
        from recorder.numbers.hiding import UnusableKey, recipient

        try:
            recipient(text)
        except UnusableKey:
            secret = text.upper().startswith("AGE-SECRET-KEY-")
            what = "must be an age public key (age1...)"
            raise Refused(what + ", not a secret key, which belongs in no file here" if secret else what) from None
        return text


class Refused(ValueError):
    """A value that a function of ours refuses, with the sentence that says why."""


Count = Annotated[int, Within(ge=1, le=1 << 31)]
Bytes = Annotated[int, Within(ge=256, le=1 << 31)]
Seconds = Annotated[float, Within(gt=0, le=86_400)]
Port = Annotated[int, Within(ge=1, le=65_535)]
# A number, with X for any digit, and a dot at the end for any number of further ones: "21XX", "0236411212", "*8."
Pattern = Annotated[str, Within(pattern=r"^[0-9*#+Xx]+\.?$", max_length=32)]
HeaderName = Annotated[str, Within(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Patterns = Annotated[tuple[Pattern, ...], Within(max_length=10_000)]
Words = Annotated[tuple[Annotated[str, Within(max_length=64)], ...], Within(max_length=256)]
Prefix = Annotated[str, Within(pattern="^[0-9*#]{1,4}$")]
CallerHeader = Literal["From", "P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity"]
InterfaceName = Annotated[str, Within(pattern=r"^[^\s/]{1,15}$")]
Column = Annotated[str, Within(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How audio is kept."""

    __pydantic_config__ = STRICT

    store: Path = Path("/var/lib/recorder")
    encoding: Literal["pcm16", "g711"] = "pcm16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """When audio belongs to a call."""

    __pydantic_config__ = STRICT

    silence_ends_call_s: Seconds = 60.0
    early_audio_wait_s: Annotated[float, Within(ge=0, le=60)] = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """How frames are read."""

    __pydantic_config__ = STRICT

    interfaces: Annotated[tuple[InterfaceName, ...], Within(max_length=16)] = ()
    ring_bytes: Annotated[int, Within(ge=1 << 20, le=1 << 31)] = 64 << 20
    waiting_audio_bytes: Annotated[int, Within(ge=1 << 20, le=1 << 34)] = 96 << 20
    vxlan_ports: Annotated[tuple[Port, ...], Within(max_length=64)] = (4789,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Which way is outside."""

    __pydantic_config__ = STRICT

    trunks: tuple[IPv4Network | IPv6Network, ...] = ()
    exchange: tuple[IPv4Network | IPv6Network, ...] = ()
    own_numbers: Patterns = ()
    extensions: Patterns = ()
    telephones_seen: bool = False
    record: tuple[Literal["inbound", "outbound", "internal"], ...] = ("inbound", "outbound")
    never_record: Patterns = ()
    keep_numbers_of_excluded: bool = False
    hold_back_s: Annotated[float, Within(ge=0, le=600)] = 60.0
    joining_headers: Annotated[tuple[HeaderName, ...], Within(max_length=16)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section (課) of the office, for as long as it has these extensions."""

    __pydantic_config__ = STRICT

    name: Annotated[str, Within(min_length=1, max_length=64)]
    extensions: Patterns
    since: date | None = None
    until: date | None = None
    record: Literal["always", "on_demand", "never"] = "always"
    demand_code: Annotated[str, Within(max_length=16)] = ""
    from_the_beginning: bool = False
    buffer_s: Annotated[float, Within(ge=0, le=3600)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Whose number counts, how it was dialled, and what becomes of one that its owner withheld."""

    __pydantic_config__ = STRICT

    # From first: it is what telephones display, so it is what the office was presented with.
    caller_headers: Annotated[tuple[CallerHeader, ...], Within(max_length=4)] = (
        "From", "P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity",
    )  # fmt: skip
    outside_prefixes: Annotated[tuple[Prefix, ...], Within(max_length=16)] = ()
    withheld: Literal["digest", "drop", "seal"] = "digest"
    recipients: Annotated[tuple[Annotated[str, AgeKey()], ...], Within(max_length=16)] = ()
    withheld_words: Words = ("anonymous", "restricted", "private", "withheld", "非通知", "ヒツウチ")
    payphone_words: Words = ("coin line/payphone", "coin line", "payphone", "公衆電話", "コウシュウデンワ")
    unavailable_words: Words = (
        "unavailable", "unknown", "interaction with other service", "interface with other networks",
        "表示圏外", "ヒョウジケンガイ", "通知不可能", "通知不可",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.withheld == "seal" and not self.recipients:
            raise Refused('withheld = "seal" needs recipients, the age public keys of those who may read the numbers')


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What tells callers that their call is recorded."""

    __pydantic_config__ = STRICT

    prompts: Annotated[tuple[Path, ...], Within(max_length=16)] = ()
    search_s: Annotated[float, Within(ge=5, le=600)] = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that strangers can make the recorder hold; what is beyond is left out and counted."""

    __pydantic_config__ = STRICT

    sip_message_bytes: Bytes = 65_536
    sip_headers: Count = 200
    sip_header_bytes: Bytes = 8_192
    dialogs_without_answer: Count = 5_000
    reassembly_datagrams: Count = 1_024
    reassembly_bytes: Bytes = 4_194_304
    tcp_streams: Count = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """How the exchange's list of calls is written, and how exactly it has to agree."""

    __pydantic_config__ = STRICT

    preset: Literal["asterisk", "own"] = "asterisk"
    encoding: Literal["utf-8", "utf-8-sig", "cp932"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    header: bool = True
    time: Column = "iso"
    timezone: Column = "Asia/Tokyo"
    start: Column = ""
    answer: Column = ""
    end: Column = ""
    duration: Column = ""
    caller: Column = ""
    callee: Column = ""
    channels: Annotated[tuple[Column, ...], Within(max_length=8)] = ()
    disposition: Column = ""
    conversation: Column = ""
    answered: Annotated[tuple[Column, ...], Within(max_length=64)] = ("ANSWERED",)
    lists_unanswered: bool = True
    tolerance_s: Seconds = 5.0
    duration_tolerance_s: Seconds = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    __pydantic_config__ = STRICT

    recording: Recording = field(default_factory=Recording)
    media: Media = field(default_factory=Media)
    capture: Capture = field(default_factory=Capture)
    lines: Lines = field(default_factory=Lines)
    sections: Annotated[tuple[Section, ...], Within(max_length=10_000)] = ()
    numbers: Numbers = field(default_factory=Numbers)
    notice: Notice = field(default_factory=Notice)
    limits: Limits = field(default_factory=Limits)
    cdr: Cdr = field(default_factory=Cdr)
