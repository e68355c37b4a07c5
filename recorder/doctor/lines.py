"""Who is the exchange, who a trunk, who a telephone: a proposal for the table [lines], from what was seen. Pure.

What gives an exchange away is that it passes calls on: an INVITE that comes to it is followed, within a minute, by one
that it sends with the same number in it. Besides, telephones register with it. Where neither was seen, who speaks with
most others. A number outside is long and begins with 0 or +; an extension is short.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from recorder.doctor.signalling import Invite, Pair

PASSED_ON_NS = 60_000_000_000  # an announcement may come before the telephone rings
OUTSIDE_DIGITS = 9  # 119 and the like say nothing; the shortest number with its area code has ten
EXTENSION_DIGITS = 6
EXTENSION_LEAST = 3
COMPARED = 8  # INVITEs with the same number, the newest of them
MANY = 8  # numbers that differ in their last two digits only: told as one pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What [lines] may be. Addresses are texts, numbers as in the register."""

    trunks: tuple[str, ...] = ()
    exchange: tuple[str, ...] = ()
    own_numbers: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()  # their addresses; no key of [lines], but good to know
    outside_prefixes: tuple[str, ...] = ()

    def as_toml(self) -> str:
        """The tables, as they would stand in recorder.toml."""
        rows = [
            "[lines]",
            f"trunks = {_array(self.trunks)}",
            f"exchange = {_array(self.exchange)}",
            f"own_numbers = {_array(self.own_numbers)}",
            f"extensions = {_array(self.extensions)}",
            f"telephones_seen = {'true' if self.telephones else 'false'}",
        ]
        if self.outside_prefixes:
            rows += ["", "[numbers]", f"outside_prefixes = {_array(self.outside_prefixes)}"]
        return "\n".join(rows)


@dataclass(slots=True)
class _Peer:
    """Who speaks with the exchange, and the numbers on both sides of that."""

    theirs: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)  # on the exchange's side


def propose(
    invites: Sequence[Invite], registered: dict[Pair, set[str]], pairs: Iterable[Pair], text_of: dict[int, str]
) -> Proposal | None:
    """A proposal; None if what was seen doesn't tell. `text_of` has the text of each address."""
    exchange = _exchanges(invites, registered, pairs)
    if not exchange:
        return None
    peers: dict[int, _Peer] = defaultdict(_Peer)
    for invite in invites:
        if invite.source in exchange and invite.destination not in exchange:
            peers[invite.destination].theirs.add(invite.called)
            peers[invite.destination].ours.add(invite.caller)
        elif invite.destination in exchange and invite.source not in exchange:
            peers[invite.source].theirs.add(invite.caller)
            peers[invite.source].ours.add(invite.called)
    telephones = {client: users for (client, server), users in registered.items() if server in exchange}
    carriers = {server for client, server in registered if client in exchange and server not in exchange}
    trunks = {
        node for node, peer in peers.items()
        if node not in telephones and (node in carriers or _is_outside_side(peer))
    } | carriers  # fmt: skip
    extensions = {user for node, users in telephones.items() if node not in trunks for user in users}
    own: set[str] = set()
    strangers: set[str] = set()
    for node, peer in peers.items():
        if node in trunks:
            own |= {number for number in peer.ours if _is_outside(number)}
            strangers |= peer.theirs
        else:
            telephones.setdefault(node, set())
            extensions |= peer.theirs
    for (client, server), users in registered.items():
        own |= {user for user in users if client in exchange and server in trunks and _is_outside(user)}
    own -= strangers  # a call forwarded to the outside may show its caller's number
    # Extensions that telephones call, whose own telephones weren't seen, are left for the engineer to add.
    return Proposal(
        trunks=_texts(trunks, text_of),
        exchange=_texts(exchange, text_of),
        own_numbers=patterns(own),
        extensions=patterns({number for number in extensions if _is_extension(number)}),
        telephones=_texts(set(telephones) - trunks, text_of),
        outside_prefixes=_prefixes(invites, exchange, trunks),
    )


def passed_on(invites: Sequence[Invite]) -> list[tuple[Invite, Invite]]:
    """Pairs of INVITEs of which the second was brought about by the first, as far as numbers tell.

    What was brought about brings nothing about itself: a telephone that is called, and later calls out with the same
    number shown, is no exchange.
    """
    recent: dict[str, deque[Invite]] = defaultdict(lambda: deque(maxlen=COMPARED))
    found = []
    for later in sorted(invites, key=lambda invite: invite.at_ns):
        candidates = (before for key in _keys(later) for before in reversed(recent[key]))
        before = next((one for one in candidates if _goes_on(one, later)), None)
        if before is not None:
            found.append((before, later))
            continue
        for key in _keys(later):
            recent[key].append(later)
    return found


def patterns(numbers: Iterable[str]) -> tuple[str, ...]:
    """Numbers as [lines] writes them: many that differ in the last two digits only become one pattern."""
    by_head: dict[tuple[str, int], set[str]] = defaultdict(set)
    for number in numbers:
        by_head[number[:-2], len(number)].add(number)
    found: list[str] = []
    for (head, _), alike in by_head.items():
        found += [f"{head}XX"] if len(alike) >= MANY else sorted(alike)
    return tuple(sorted(found))


def _exchanges(invites: Sequence[Invite], registered: dict[Pair, set[str]], pairs: Iterable[Pair]) -> set[int]:
    found: Counter[int] = Counter()
    for before, later in passed_on(invites):
        found[before.destination] += 1
        found[later.source] += 1
    clients = Counter(server for _, server in registered)
    found.update({server: count for server, count in clients.items() if count >= 2})
    if not found:
        spoken_with: dict[int, set[int]] = defaultdict(set)
        for one, other in pairs:
            spoken_with[one].add(other)
            spoken_with[other].add(one)
        most = sorted(spoken_with, key=lambda node: -len(spoken_with[node]))
        if len(most) < 3 or len(spoken_with[most[0]]) == len(spoken_with[most[1]]):
            return set()
        return {most[0]}
    # By chance two callers dial one number within seconds. Who passes on, does so again and again.
    enough = max(found.values()) / 20
    return {node for node, count in found.items() if count >= enough}


def _keys(invite: Invite) -> list[str]:
    """What an INVITE and the one that it brings about may have in common."""
    keys = [f"from {invite.caller}"] if len(invite.caller) >= EXTENSION_LEAST else []
    return keys + ([f"to {invite.called[-OUTSIDE_DIGITS:]}"] if len(invite.called) >= OUTSIDE_DIGITS else [])


def _goes_on(before: Invite, later: Invite) -> bool:
    if later.at_ns - before.at_ns > PASSED_ON_NS or before.source == later.source:
        return False
    if {before.source, before.destination} == {later.source, later.destination}:
        return False  # one calls the other back
    same_caller = before.caller == later.caller != ""
    # A telephone dials a prefix, the exchange takes it off.
    return same_caller or before.called.endswith(later.called.lstrip("+"))


def _is_outside_side(peer: _Peer) -> bool:
    """Whether a peer's side has numbers of the outside, and not the one of a telephone."""
    outside = sum(map(_is_outside, peer.theirs))
    return outside > 0 and outside * 2 >= len(peer.theirs - {""})


def _is_outside(number: str) -> bool:
    return len(number) >= OUTSIDE_DIGITS and number[0] in "0+"


def _is_extension(number: str) -> bool:
    return 0 < len(number) <= EXTENSION_DIGITS and number.isdigit() and not number.startswith("0")


def _prefixes(invites: Sequence[Invite], exchange: set[int], trunks: set[int]) -> tuple[str, ...]:
    """What telephones dial before a number that the exchange then calls without it."""
    found: Counter[str] = Counter()
    for before, later in passed_on(invites):
        if later.destination in trunks and before.source not in exchange and before.source not in trunks:
            prefix = before.called.removesuffix(later.called)
            if prefix != before.called and 0 < len(prefix) <= 3 and prefix.isdigit():
                found[prefix] += 1
    return tuple(sorted(found))


def _texts(nodes: Iterable[int], text_of: dict[int, str]) -> tuple[str, ...]:
    return tuple(sorted(text_of[node] for node in nodes))


def _array(texts: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
