"""The spoken notice: who plays it, which prompt to whom, and where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from recorder.settings.bounds import STRICT, Patterns, Refused, Within

# "192.0.2.20:5060", "pbx.example.jp"; no IPv6, which pyVoIP doesn't speak
Place = Annotated[str, Within(pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
MaybePlace = Annotated[str, Within(pattern=r"^([A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?$")]
User = Annotated[str, Within(pattern=r"^[A-Za-z0-9_.!~*'()+-]{1,64}$")]
Span = Annotated[str, Within(pattern=r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? "
                                    r"[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$")]  # fmt: skip
Day = Annotated[str, Within(pattern=r"^([0-9]{4}-)?[0-1][0-9]-[0-3][0-9]$")]
Name = Annotated[str, Within(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Reason = Annotated[str, Within(pattern=r"^[a-z0-9_-]{1,64}$")]
Port = Annotated[int, Within(ge=1, le=65_535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAccount:
    """One exchange that calls the unit: as an extension of it, or as a peer."""

    __pydantic_config__ = STRICT

    address: Place
    user: User
    register: bool = True
    password_file: str = ""
    port: Port = 5060

    def __post_init__(self) -> None:
        if self.register and not self.password_file:
            raise Refused("an account that registers needs password_file; a peer has register = false")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRule:
    """Which prompt is played when, and on which of the office's numbers."""

    __pydantic_config__ = STRICT

    file: Path
    lines: Patterns = ()
    when: Literal["always", "open", "closed", "holiday"] = "always"
    text: Annotated[str, Within(max_length=2000)] = ""  # what it says, for people to read


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentLine:
    """Lines on which no notice is played, and why."""

    __pydantic_config__ = STRICT

    lines: Patterns
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The announcement unit (音声案内ユニット)."""

    __pydantic_config__ = STRICT

    address: MaybePlace = ""
    exchanges: Annotated[tuple[ExchangeAccount, ...], Within(max_length=16)] = ()
    rtp_ports: Annotated[tuple[Port, ...], Within(min_length=2, max_length=2)] = (30_000, 30_999)
    play: Literal["answered", "early"] = "answered"
    at_once: Annotated[int, Within(ge=1, le=1000)] = 200
    pause_ms: Annotated[int, Within(ge=0, le=5000)] = 200
    register_s: Annotated[float, Within(ge=1, le=3600)] = 30.0
    line_headers: Annotated[tuple[Name, ...], Within(max_length=8)] = ("X-Line", "Diversion", "To")
    call_id_header: Name = "X-Call-ID"
    prompts: Annotated[tuple[PromptRule, ...], Within(max_length=100)] = ()
    silent: Annotated[tuple[SilentLine, ...], Within(max_length=100)] = ()
    open_hours: Annotated[tuple[Span, ...], Within(max_length=32)] = ("Mon-Fri 08:30-17:15",)
    public_holidays: bool = True
    closed_days: Annotated[tuple[Day, ...], Within(max_length=366)] = ("12-29", "12-30", "12-31", "01-02", "01-03")
    status: Path = Path("/run/recorder-announce/live.json")

    def __post_init__(self) -> None:
        if self.rtp_ports[0] > self.rtp_ports[1]:
            raise Refused("the first port must not be above the last", key=("rtp_ports",))
        if self.exchanges and not self.address:
            raise Refused("needs this machine's own address, as the exchange reaches it", key=("address",))
        if self.exchanges and not self.prompts:
            raise Refused("an exchange is named, and no [[announcement.prompts]] to play to its callers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What an office has done on an inbound call instead of the unit's telephone."""

    __pydantic_config__ = STRICT

    kind: Literal["", "ari", "ami", "esl", "command", "http"] = ""
    socket: Path = Path("/run/recorder-announce/inbound.socket")
    url: str = ""
    user: str = ""
    password_file: str = ""
    play: str = ""
    command: Annotated[tuple[str, ...], Within(max_length=64)] = ()
    timeout_s: Annotated[float, Within(gt=0, le=60)] = 3.0
    at_once: Annotated[int, Within(ge=1, le=1000)] = 100

    def __post_init__(self) -> None:
        if self.kind == "command" and not self.command:
            raise Refused("needs the program and its arguments", key=("command",))
        if self.kind in ("ari", "ami", "esl", "http") and not self.url:
            raise Refused(f'kind = "{self.kind}" needs the address of what is called', key=("url",))
        if self.kind in ("ari", "ami", "esl") and not self.play:
            raise Refused(f'kind = "{self.kind}" needs what is to be played', key=("play",))
