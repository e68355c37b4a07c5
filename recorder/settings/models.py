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
from typing import TYPE_CHECKING, Annotated, Any, Literal

from recorder.settings.announcing import Announcement, Hook
from recorder.settings.bounds import STRICT, Patterns, Refused, SectionName, Within
from recorder.settings.desk import Desk
from recorder.settings.directory import Directory
from recorder.settings.keeping import Keeping
from recorder.settings.openid import OpenId
from recorder.settings.sealing import AgeKey, Sealing
from storage.retention.rules import Capacity

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

class OfficeName:
    """The name of a profile that there is, or a path to one (something with a slash, or that ends in .toml)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self._checked, handler(source))

    @staticmethod
    def _checked(text: str) -> str:
        from recorder.policy import offices
        from recorder.problems import Unusable

        try:
            if offices.is_path(text):
                offices.load(text)
            elif text:
                offices.find(text)
        except Unusable as problem:
            raise Refused(str(problem).rstrip(".")) from problem
        except OSError as problem:
            raise Refused(f"{text}: {problem.strerror}") from problem
        return text


Count = Annotated[int, Within(ge=1, le=1 << 31)]
Rate = Annotated[int, Within(ge=1, le=1_000_000)]  # a second
Bytes = Annotated[int, Within(ge=256, le=1 << 31)]
Seconds = Annotated[float, Within(gt=0, le=86_400)]
Port = Annotated[int, Within(ge=1, le=65_535)]
HeaderName = Annotated[str, Within(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Words = Annotated[tuple[Annotated[str, Within(max_length=64)], ...], Within(max_length=256)]
Prefix = Annotated[str, Within(pattern="^[0-9*#]{1,4}$")]
CallerHeader = Literal["From", "P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity"]
InterfaceName = Annotated[str, Within(pattern=r"^[^\s/]{1,15}$")]
Group = Annotated[tuple[InterfaceName, ...], Within(min_length=1, max_length=16)]
# Loopback alone: nobody else has to see it.
Listen = Annotated[str, Within(pattern=r"^$|^(127\.0\.0\.1|\[::1\]):[0-9]{1,5}$")]
MailAddress = Annotated[str, Within(pattern=r"^[!-~]+@[!-~]+$", max_length=254)]
# A server and its port: "mail.example.jp:587", "[2001:db8::1]:6514".
ServerName = Annotated[str, Within(pattern=r"^$|^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$")]
Column = Annotated[str, Within(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How audio is kept."""

    __pydantic_config__ = STRICT

    store: Path = Path("/var/lib/recorder")
    encoding: Literal["pcm16", "g711"] = "pcm16"
    packets: bool = False  # whether a call's packets are kept beside its recording


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
    processes: Annotated[tuple[Group, ...], Within(max_length=16)] = ()
    shares: Annotated[int, Within(ge=1, le=16)] = 1
    ring_bytes: Annotated[int, Within(ge=1 << 20, le=1 << 31)] = 64 << 20
    waiting_audio_bytes: Annotated[int, Within(ge=1 << 20, le=1 << 34)] = 96 << 20
    vxlan_ports: Annotated[tuple[Port, ...], Within(max_length=64)] = (4789,)

    @property
    def named(self) -> tuple[str, ...]:
        """Every interface that is to be captured from, by whichever process."""
        return self.interfaces or sum(self.processes, ())

    def __post_init__(self) -> None:
        named = [name for group in self.processes for name in group]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise Refused(f"{', '.join(twice)} can't belong to two processes", key=("processes",))
        if self.shares > 1 and len(self.processes) > 1:
            raise Refused("can't be more than 1 beside several groups in processes; leave one of the two out",
                          key=("shares",))  # fmt: skip
        if named and self.interfaces and set(named) != set(self.interfaces):
            raise Refused("names other interfaces than interfaces; leave one of the two out", key=("processes",))


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

    name: SectionName
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
class OwnRule(Keeping):
    """A rule for some sections, extensions or lines, tried before the office's own."""

    __pydantic_config__ = STRICT

    sections: Annotated[tuple[SectionName, ...], Within(max_length=10_000)] = ()
    extensions: Patterns = ()
    lines: Patterns = ()

    def __post_init__(self) -> None:
        Keeping.__post_init__(self)
        if self.rule() is None:
            raise Refused("a rule needs a period or a capacity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Whose regulation is followed, and where it isn't."""

    __pydantic_config__ = STRICT

    office: Annotated[str, OfficeName()] = ""
    rules: Annotated[tuple[OwnRule, ...], Within(max_length=1000)] = ()

    def __post_init__(self) -> None:
        for number, rule in enumerate(self.rules[:-1]):
            if not (rule.sections or rule.extensions or rule.lines):
                raise Refused(
                    "a rule for no sections, extensions or lines is for all others, and must be the last",
                    key=("rules", number),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What recordings may fill, and when they are erased."""

    __pydantic_config__ = STRICT

    share: Annotated[float, Within(gt=0, le=1)] = 0.9
    bytes: Annotated[int, Within(ge=0, le=1 << 60)] = 0
    hours: Annotated[float, Within(ge=0, le=1e9)] = 0.0
    holds_share: Annotated[float, Within(gt=0, le=1)] = 0.5
    erase_hour: Annotated[int, Within(ge=-1, le=23)] = -1
    second_store: str = ""

    def __post_init__(self) -> None:
        if self.bytes and self.hours:
            raise Refused("bytes and hours can't both be set")

    def capacity(self) -> Capacity:
        """What `Capacity()` in a rule stands for."""
        if self.bytes:
            return Capacity(bytes=self.bytes)
        return Capacity(hours=self.hours) if self.hours else Capacity(share=self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where the recorder and its housekeeping say how they are."""

    __pydantic_config__ = STRICT

    live: Path = Path("/run/recorder-capture/live.json")
    folder: Path = Path("/run/recorder-keeper")
    listen: Listen = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Who is told of alarms, and how."""

    __pydantic_config__ = STRICT

    language: Literal["ja", "en"] = "ja"
    least: Literal["critical", "warning", "notice"] = "warning"
    told: Path = Path("/var/lib/recorder-teller/told.json")
    ca_file: str = ""
    mail_to: Annotated[tuple[MailAddress, ...], Within(max_length=32)] = ()
    mail_from: Annotated[str, Within(pattern=r"^$|^[!-~]+@[!-~]+$")] = ""
    mail_server: ServerName = ""
    mail_security: Literal["tls", "starttls", "none"] = "starttls"
    mail_user: str = ""
    mail_password_file: str = ""
    webhook_url: Annotated[str, Within(pattern=r"^$|^https://[!-~]+$|^http://(127\.0\.0\.1|localhost)[:/][!-~]*$")] = ""
    webhook_token_file: str = ""
    syslog_server: ServerName = ""

    def __post_init__(self) -> None:
        if self.mail_to and not (self.mail_from and self.mail_server):
            raise Refused("mail needs mail_from and mail_server, too", key=("mail_to",))
        if self.mail_user and self.mail_security == "none":
            raise Refused("a password must not go over the network in the clear", key=("mail_security",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One that signs what it saw of the register."""

    __pydantic_config__ = STRICT

    url: Annotated[str, Within(pattern=r"^https?://[!-~]+$", max_length=500)]
    key: Annotated[str, Within(pattern=r"^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$", max_length=500)]

    def __post_init__(self) -> None:
        from storage.register.checkpoint import WITNESS, parse_vkey

        try:
            is_witness = parse_vkey(self.key).kind == WITNESS
        except ValueError as problem:
            raise Refused(str(problem), key=("key",)) from problem
        if not is_witness:
            raise Refused("must be the key of a witness, as recorder witness says it when it starts", key=("key",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How it is shown that nothing was altered."""

    __pydantic_config__ = STRICT

    keys: Path = Path("/var/lib/recorder-keeper")
    every_s: Annotated[float, Within(ge=1, le=60)] = 60.0
    second_path: str = ""
    witnesses: Annotated[tuple[Witness, ...], Within(max_length=16)] = ()
    witness_minutes: Annotated[int, Within(ge=1, le=10_000)] = 15
    answers: Path = Path("/run/recorder-teller/answers.json")
    timestamp_url: Annotated[str, Within(pattern=r"^$|^https?://[!-~]+$")] = ""
    timestamp_ca_file: str = ""

    def __post_init__(self) -> None:
        if self.timestamp_url and not self.timestamp_ca_file:
            raise Refused(
                "a time stamp is believed only with timestamp_ca_file, the root certificate of the authority",
                key=("timestamp_ca_file",),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that strangers can make the recorder hold; what is beyond is left out and counted."""

    __pydantic_config__ = STRICT

    sip_message_bytes: Bytes = 65_536
    sip_headers: Count = 200
    sip_header_bytes: Bytes = 8_192
    dialogs_without_answer: Count = 5_000
    new_dialogs_a_second: Rate = 1_000
    new_dialogs_a_second_of_a_source: Rate = 200
    other_sip_a_second: Rate = 2_000
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
    sealing: Sealing = field(default_factory=Sealing)
    media: Media = field(default_factory=Media)
    capture: Capture = field(default_factory=Capture)
    lines: Lines = field(default_factory=Lines)
    sections: Annotated[tuple[Section, ...], Within(max_length=10_000)] = ()
    numbers: Numbers = field(default_factory=Numbers)
    notice: Notice = field(default_factory=Notice)
    announcement: Announcement = field(default_factory=Announcement)
    hook: Hook = field(default_factory=Hook)
    policy: Policy = field(default_factory=Policy)
    ring: Ring = field(default_factory=Ring)
    status: Status = field(default_factory=Status)
    tell: Tell = field(default_factory=Tell)
    evidence: Evidence = field(default_factory=Evidence)
    desk: Desk = field(default_factory=Desk)
    directory: Directory = field(default_factory=Directory)
    openid: OpenId = field(default_factory=OpenId)
    limits: Limits = field(default_factory=Limits)
    cdr: Cdr = field(default_factory=Cdr)

    def __post_init__(self) -> None:
        if self.recording.packets and self.sealing.recipients:
            raise Refused(
                "packets can't be sealed: leave out either them or the recipients under [sealing]",
                key=("recording", "packets"),
            )
        if self.recording.packets and any(section.record == "on_demand" for section in self.sections):
            raise Refused(
                "packets can't be kept where a section records on demand: leave out one of the two",
                key=("recording", "packets"),
            )
        if self.directory.server and self.openid.issuer and set(self.directory.local) != set(self.openid.local):
            raise Refused("must name the same logins as local of [directory]", key=("openid", "local"))
        known = {section.name for section in self.sections}
        for number, rule in enumerate(self.policy.rules):
            for name in rule.sections:
                if name not in known:  # a rule for nobody would leave its recordings to another
                    raise Refused(
                        f"there is no section {name}; name it under [[sections]]",
                        key=("policy", "rules", number, "sections"),
                    )
