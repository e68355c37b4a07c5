"""A scene: time that goes on, the legs of one conversation, and the steps that families of scenarios have in common.

`Scene` knows how this exchange writes its dialogs; a family is a list of steps on it. Nothing here runs ahead: a step
happens at `now`, and takes some time.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests import wire
from tests.pbx import audio, exchange, media
from tests.pbx.exchange import Exchange, Habits, Party
from tests.pbx.leg import Ends, Header, Leg
from tests.pbx.truth import Call, Grouping

ELSEWHERE: Header = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody beyond the carrier. `withheld`: "" or how the carrier writes it: "anonymous", "with-identity"."""

    number: str
    voice: audio.Voice
    withheld: str = ""

    @property
    def shown(self) -> str | None:
        return None if self.withheld else self.number


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension with somebody at it."""

    extension: str
    party: Party
    voice: audio.Voice


class Scene:
    """One conversation in the making."""

    def __init__(self, shared: Exchange, rng: random.Random, start_ns: int, habits: Habits) -> None:
        self.exchange, self.rng, self.start_ns, self.habits = shared, rng, start_ns, habits
        self.now = start_ns
        self.frames: list[wire.Frame] = []
        self.legs: list[Leg] = []
        self.groupings: list[Grouping] = []  # if several can be defended
        self.not_calls: list[str] = []
        self.note = ""
        self._taken: list[tuple[str, str]] = []
        self.manner = media.Manner(carries_stamps=habits.carries_stamps, new_ssrc=habits.new_ssrc, loss=habits.loss)
        v6_trunk, v6_phones = habits.ipv6 == "trunk", habits.ipv6 == "phones"
        self.pbx_trunk = Party("pbx", exchange.PBX_TRUNK[v6_trunk], "CityPBX")
        self.pbx_lan = Party("pbx", exchange.PBX_LAN[v6_phones], "CityPBX")
        self.carrier = Party("carrier", exchange.CARRIER[habits.trunk_law][v6_trunk], "sbc/7")
        # What links the legs, if anything does.
        self._session_ids = (self.identifier(), self.identifier())
        self._icid = self.identifier()
        self._linked = self.identifier()

    # --- time and names -----------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time go on."""
        self.now += round(seconds * 1e6) * 1000

    def step(self) -> None:
        """The time that a SIP message takes."""
        self.now += self.rng.randrange(150, 900) * 1000

    def identifier(self) -> str:
        """32 hexadecimal digits that nobody else has."""
        return f"{self.rng.getrandbits(128):032x}"

    def port(self, kind: str, host: str) -> str:
        """A port of a host, until the end of the scene. The PBX takes any, others the lowest that is free."""
        pool = f"{kind} {host}"
        return self._take(pool, self.rng if host in exchange.PBX_LAN + exchange.PBX_TRUNK else None)

    def _take(self, pool: str, rng: random.Random | None = None, name: str | None = None) -> str:
        thing = self.exchange.pool(pool).take(self.start_ns, rng, name=name)
        self._taken.append((pool, thing))
        return thing

    def give_back(self, at: int) -> None:
        """Let go of everything that was taken."""
        for pool, thing in self._taken:
            self.exchange.pool(pool).give_back(thing, at)

    # --- who takes part -----------------------------------------------------------------------------------------

    def voice(self, silent_s: float = 0.0) -> audio.Voice:
        """Somebody's voice; `silent_s` counts from the scene's beginning."""
        return audio.Voice(self.rng.getrandbits(63), murmur=self.habits.murmur, silent_s=silent_s)

    def outsider(self, number: str | None = None, *, withheld: str = "", silent_s: float = 0.0) -> Outsider:
        """Somebody outside, with a number of their own if none is given."""
        made = self.rng.choice(["03", "06", "090", "080", "0268"])
        made += "".join(self.rng.choice("123456789") for _ in range((11 if made in ("090", "080") else 10) - len(made)))
        return Outsider(number or made, self.voice(silent_s), withheld)

    def phones(self, count: int, *, pool: str = "extensions", silent_s: float = 0.0) -> list[Phone]:
        """Telephones that nobody else uses meanwhile; `pool` "consultation" for lines that are never recorded."""
        taken = [self._take(pool, self.rng) for _ in range(count)]
        hosts = [exchange.telephone_host(extension, v6=self.habits.ipv6 == "phones") for extension in taken]
        return [
            Phone(ext, Party(ext, host, "DeskPhone/3"), self.voice(silent_s))
            for ext, host in zip(taken, hosts, strict=True)
        ]

    def slot(self) -> str:
        """A parking slot."""
        return self._take("slots")

    # --- dialogs of this exchange -------------------------------------------------------------------------------

    def trunk_in(self, outsider: Outsider, dialled: str) -> Leg:
        """From the carrier to the PBX."""
        number, headers = self._carrier_writes(outsider.number), list[Header]()
        sender = f"<sip:{number}@{exchange.REALM}>"
        if outsider.withheld:
            sender = '"Anonymous" <sip:anonymous@anonymous.invalid>'
            headers.append(("Privacy", "id"))
        if outsider.withheld != "anonymous":
            headers.append(("P-Asserted-Identity", f"<sip:{number}@{exchange.REALM}>"))
        callee = self._carrier_writes(dialled)
        uri = f"sip:{callee}@{self.pbx_trunk.host}"
        contact = f"sip:{'sbc' if outsider.withheld else number}@{self.carrier.sip}"
        leg = Leg(
            self,
            "trunk",
            (Ends(self.carrier, sender, contact), Ends(self.pbx_trunk, f"<{uri}>", f"sip:{self.pbx_trunk.sip}")),
            uri=uri,
            law=self.habits.trunk_law,
            event_type=120,
            transport=self.habits.trunk_transport,
            headers=[*headers, *self._links_from_outside()],
        )
        if self.habits.link == "x-header":
            leg.response_headers.append(("X-Linked-ID", self._linked))
        elif self.habits.link == "session-id":
            leg.response_headers.append(("Session-ID", f"{self._session_ids[1]};remote={self._session_ids[0]}"))
        return leg

    def trunk_out(self, own: str, number: str, headers: Sequence[Header] = (), *, of: Leg | None = None) -> Leg:
        """From the PBX to the carrier; `own` is the number that is presented, `of` the leg that brought it about."""
        uri = f"sip:{self._carrier_writes(number)}@{self.carrier.sip}"
        sender = f"<sip:{self._carrier_writes(own)}@{self.pbx_trunk.host}>"
        to = f"<sip:{self._carrier_writes(number)}@{self.carrier.host}>"
        return Leg(
            self,
            "trunk",
            (
                Ends(self.pbx_trunk, sender, f"sip:{self.pbx_trunk.sip}"),
                Ends(self.carrier, to, f"sip:ibcf@{self.carrier.sip}"),
            ),
            uri=uri,
            law=self.habits.trunk_law,
            event_type=101,
            transport=self.habits.trunk_transport,
            headers=[("P-Preferred-Identity", sender), *headers, *self._links(of, number)],
        )

    def to_phone(
        self, phone: Phone, caller: str | None, *, of: Leg | None = None, dialled: str = "", inner: bool = False
    ) -> Leg:
        """From the PBX to a telephone. `caller` None: withheld. `inner`: another extension calls, its number shows."""
        shows, headers = "from" if inner else self.habits.shows, list[Header]()
        if caller is None or shows == "anonymous":
            sender = '"Anonymous" <sip:anonymous@anonymous.invalid>'
        else:
            sender = f"<sip:{caller if shows == 'from' else exchange.MAIN}@{self.pbx_lan.host}>"
        if caller is not None and shows == "pai":
            headers.append(("P-Asserted-Identity", f"<sip:{caller}@{self.pbx_lan.host}>"))
        where = f"sip:{phone.extension}@{phone.party.sip};ob"
        return Leg(
            self,
            "extension",
            (
                Ends(self.pbx_lan, sender, f"sip:pbx@{self.pbx_lan.sip}"),
                Ends(phone.party, f"<sip:{phone.extension}@{phone.party.host};ob>", where),
            ),
            uri=where,
            law=self.habits.phone_law,
            event_type=101,
            transport=self.habits.phone_transport,
            headers=[*headers, *self._links(of, dialled)],
        )

    def from_phone(self, phone: Phone, dialled: str, headers: Sequence[Header] = ()) -> Leg:
        """From a telephone to the PBX."""
        uri = f"sip:{dialled}@{self.pbx_lan.host}"
        here = f"<sip:{phone.extension}@{self.pbx_lan.host}>"
        links: list[Header] = []
        if self.habits.link == "session-id":
            links = [("Session-ID", f"{self._session_ids[0]};remote={'0' * 32}")]
        leg = Leg(
            self,
            "extension",
            (
                Ends(phone.party, here, f"sip:{phone.extension}@{phone.party.sip};ob"),
                Ends(self.pbx_lan, f"<{uri}>", f"sip:{self.pbx_lan.sip}"),
            ),
            uri=uri,
            law=self.habits.phone_law,
            event_type=101,
            transport=self.habits.phone_transport,
            headers=[*headers, *links],
        )
        if self.habits.link == "x-header":
            leg.response_headers.append(("X-Linked-ID", self._linked))
        return leg

    def _carrier_writes(self, number: str) -> str:
        return "+81" + number[1:] if self.habits.plus81 and number.startswith("0") else number

    def _links_from_outside(self) -> list[Header]:
        match self.habits.link:
            case "session-id":
                return [("Session-ID", f"{self._session_ids[0]};remote={'0' * 32}")]
            case "icid":
                return [("P-Charging-Vector", f"icid-value={self._icid};orig-ioi={exchange.REALM}")]
        return []

    def _links(self, of: Leg | None, dialled: str) -> list[Header]:
        """What the PBX says in an INVITE of its own about the leg that brought it about."""
        host = self.pbx_lan.host
        match self.habits.link:
            case "session-id" | "icid":
                return self._links_from_outside()
            case "diversion" if dialled:
                return [("Diversion", f"<sip:{dialled}@{host}>;reason=unconditional;counter=1")]
            case "history-info" if dialled:
                return [("History-Info", f"<sip:{dialled}@{host}>;index=1, <sip:inner@{host}>;index=1.1;rc=1")]
            case "x-header":
                return [("X-Linked-ID", self._linked)]
            case "x-call-id" if of is not None:
                return [("X-Original-Call-ID", of.call_id)]
        return []

    # --- steps --------------------------------------------------------------------------------------------------

    def dials(self, leg: Leg) -> None:
        """The INVITE of a leg that the PBX or somebody outside begins, or a telephone, with what they must prove."""
        challenge = None
        if leg.far == 0 and leg.role == "extension" and self.habits.challenges_phones:
            challenge = 401
        elif leg.far == 1 and leg.role == "trunk" and self.habits.challenges_pbx:
            challenge = 407
        leg.invite(challenge=challenge)

    def join(self, one: Leg, other: Leg) -> None:
        """The PBX passes audio between two legs."""
        one.hears(media.Relayed(other.mic))
        other.hears(media.Relayed(one.mic))

    def announces(self, leg: Leg, seconds: float) -> None:
        """Half a second of nothing, the announcement, and on its end nothing again."""
        leg.hears(media.Tone("announcement", audio.announcement(seconds), False, lead_ns=500 * media.MS))
        self.wait(seconds + 0.55)

    def rings_in_band(self, leg: Leg) -> None:
        """The ringing tone as sound, shortly later."""
        leg.hears(media.Tone("ringing", audio.ringing(), True, lead_ns=100 * media.MS))

    def music(self, leg: Leg) -> None:
        """Music on hold, in the stream of what it interrupts."""
        length = len(audio.music())
        offset = self.now * 8 // 1_000_000 if self.habits.moh_shared else self.rng.randrange(length)
        leg.hears(media.Tone("music", audio.music(), True, lead_ns=20 * media.MS, offset=offset, keeps_ssrc=True))

    def tells(self, trunk: Leg, phone: Phone) -> None:
        """The PBX tells the outside who is being called, if that is its habit."""
        if self.habits.tells_trunk and trunk.accepted_ns is not None:
            identity = f'"Ext {phone.extension}" <sip:{phone.extension}@{self.pbx_trunk.host}>'
            trunk.ask(False, "UPDATE", [("P-Asserted-Identity", identity)])

    def told(
        self,
        *,
        direction: str,
        caller: str | None,
        callee: str,
        extension: str | None,
        recorded: Leg,
        legs: Iterable[Leg],
        talk: Leg | None,
        final: str | None = None,
        accept: Iterable[str | None] = (),
        outcomes: Iterable[str] = (),
        **more: Any,
    ) -> Call:
        """The truth of a call: times are those of its legs. `talk` is where a person answered."""
        first = min((leg for leg in legs if leg.invited_ns is not None), key=lambda leg: leg.invited_ns or 0)
        outcome = "unanswered" if talk is None else "recorded"
        if more.get("must_not_record"):
            outcome = "excluded"
        audio_of_it = recorded.truth().audio
        acceptable = {outcome, *outcomes}
        if outcome == "unanswered" and any(audio_of_it):
            acceptable.add("recorded")
        return Call(
            direction=direction,
            outcome=outcome,
            accept_outcomes=frozenset(acceptable),
            caller=caller,
            callee=callee,
            extension=extension,
            final_extension=final or extension,
            accept_extensions=frozenset({extension, final or extension, *accept}),
            started_ns=first.invited_ns or 0,
            answered_ns=first.accepted_ns,
            talk_ns=None if talk is None else talk.accepted_ns,
            ended_ns=recorded.ended_ns or 0,
            end_reason=recorded.end_reason,
            call_ids=frozenset(leg.call_id for leg in legs),
            main_call_id=recorded.call_id,
            recorded_call_id=recorded.call_id if outcome == "recorded" else None,
            audio=audio_of_it,
            **more,
        )
