"""Half a year of calls of a large city hall, made up: what `bench.catalogue` measures with.

The same seed gives the same calls. Nobody's number is among them on purpose: outside numbers have area codes that
exist and are random behind them.

  when        4 of 5 between 8:30 and 17:15 on working days, most of them at 10 and at 14 o'clock; the rest anytime
  who         150,000 outside numbers, few of them often and most of them seldom (Zipf): six of ten from the city's
              own area code, three mobile; 4 of 100 callers withhold theirs
  whom        the main number and 400 direct ones; 2,500 extensions, of which four at the switchboard take 8 of 100
  direction   60 % inbound, 30 % outbound, 10 % internal
  outcome     78 % recorded, 17 % unanswered, 4 % excluded, 1 % without a packet
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storage import layout
from storage.records import CallRecord, PartyRecord, RecordingRecord, StreamRecord

SECOND = 1_000_000_000
FIRST_DAY = "2026-04-01"
DAYS = 183
OUTSIDE = 150_000  # distinct numbers
DIRECT = 400
EXTENSIONS = 2_500
MAIN = "0236411212"
SECTIONS = 60

_AREAS = ("023", "090", "080", "070", "03", "022", "06", "0238", "0234", "0120", "050")
_SHARES = (0.60, 0.12, 0.12, 0.06, 0.03, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01)


def numbers(seed: int = 1) -> list[str]:
    """The distinct outside numbers."""
    random = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < OUTSIDE:
        areas = random.choice(len(_AREAS), size=OUTSIDE, p=_SHARES)
        for area, rest in zip(areas.tolist(), random.integers(2 * 10**7, 10**8, size=OUTSIDE).tolist(), strict=True):
            code = _AREAS[area]
            length = 11 if code in ("090", "080", "070", "050") else 10
            found[code + str(rest)[: length - len(code)].ljust(length - len(code), "0")] = None
    return list(found)[:OUTSIDE]


def starts(count: int, seed: int = 2) -> NDArray[np.int64]:
    """When the calls start, in nanoseconds since 1970, sorted."""
    random = np.random.default_rng(seed)
    begin_s = layout.day_begins_ns(FIRST_DAY) // SECOND
    weekday = (2 + np.arange(DAYS)) % 7  # 2026-04-01 is a Wednesday
    working = np.flatnonzero(weekday < 5)
    busy = random.random(count) < 0.8
    day = np.where(busy, random.choice(working, count), random.integers(0, DAYS, count))
    hour = 8.5 + 8.75 * np.where(
        random.random(count) < 0.5, random.beta(3, 9, count), random.beta(6, 3, count)
    )  # two heaps, before and after noon
    second = np.where(busy, hour * 3600, random.random(count) * 86400)
    at = (begin_s + day * 86400 + second) * 1e6
    return np.sort(at.astype(np.int64) * 1000 + random.integers(0, 1000, count))


def calls(count: int, seed: int = 3) -> Iterator[CallRecord]:
    """So many calls, oldest first."""
    random = np.random.default_rng(seed)
    outside = numbers()
    rank = np.minimum(random.zipf(1.25, count) - 1, OUTSIDE - 1)  # a few call often ...
    anybody = random.integers(0, OUTSIDE, count)  # ... and most seldom
    who = np.where(random.random(count) < 0.35, rank, anybody).tolist()
    kind = random.random(count).tolist()
    fate = random.random(count).tolist()
    secret = random.random(count).tolist()
    direct = random.integers(0, DIRECT, count).tolist()
    is_main = (random.random(count) < 0.5).tolist()
    switchboard = random.random(count) < 0.08
    inner = np.where(switchboard, random.integers(0, 4, count), random.integers(0, EXTENSIONS, count)).tolist()
    other = random.integers(0, EXTENSIONS, count).tolist()
    rings = (2 + random.exponential(6, count)).round(3).tolist()
    lasts = np.minimum(5 + random.lognormal(4.4, 1.0, count), 7200).round(3).tolist()
    passed_on = random.random(count).tolist()
    for at, started_ns in enumerate(starts(count).tolist()):
        ident = f"{started_ns // SECOND:08x}-{hashlib.blake2b(at.to_bytes(8, 'big'), digest_size=6).hexdigest()}"
        number, extension = outside[who[at]], str(2000 + inner[at])
        city = MAIN if is_main[at] else f"02364{20_000 + direct[at] * 7:05}"[:10]
        flags: list[str] = []
        if kind[at] < 0.6:
            direction, caller, callee = "inbound", number, city
            if secret[at] < 0.046:
                flags.append("withheld" if secret[at] < 0.04 else "payphone" if secret[at] < 0.043 else "unavailable")
                caller = None
        elif kind[at] < 0.9:
            direction, caller, callee = "outbound", city, number
        else:
            direction, caller, callee = "internal", extension, str(2000 + other[at])
        answered_ns: int | None = started_ns + round(rings[at] * SECOND)
        ended_ns = started_ns + round((rings[at] + lasts[at]) * SECOND)
        outcome, reason, excluded_by = "recorded", "bye", None
        if fate[at] < 0.17:
            outcome, answered_ns = "unanswered", None
            reason = ("cancelled", "busy", "timeout", "declined")[int(fate[at] * 1e4) % 4]
            ended_ns = started_ns + round(rings[at] * SECOND)
        elif fate[at] < 0.21:
            outcome, excluded_by = "excluded", "exclude: telephone counselling"
            caller = callee = None
            flags = []
        elif fate[at] < 0.22:
            outcome = "no_audio"
        hidden = outcome == "excluded"
        parties: list[PartyRecord] = []
        if answered_ns is not None and not hidden:
            moved = passed_on[at] < 0.06
            middle = answered_ns + (ended_ns - answered_ns) // 3
            until_ns = middle if moved else ended_ns
            parties.append(PartyRecord(extension=extension, from_ns=answered_ns, until_ns=until_ns))
            if moved:
                flags.append("transferred")
                parties.append(PartyRecord(extension=str(2000 + other[at]), from_ns=middle, until_ns=ended_ns))
        recording = None
        if outcome == "recorded":
            assert answered_ns is not None
            recording = _recording(ident, started_ns, answered_ns, ended_ns, at)
        yield CallRecord(
            id=ident, started_ns=started_ns, ended_ns=ended_ns, answered_ns=answered_ns, talk_ns=answered_ns,
            direction=direction, outcome=outcome, end_reason=reason, caller=caller, callee=callee,
            extension=None if hidden or answered_ns is None else extension,
            caller_raw=None if caller is None else f"+81{caller[1:]}" if caller.startswith("0") else caller,
            callee_raw=callee, call_ids=(f"{at:032x}@192.0.2.1", f"{at ^ 0xFFFF:016x}"),
            section=None if hidden or answered_ns is None else f"{int(extension) % SECTIONS + 1}課",
            flags=tuple(flags), parties=tuple(parties), excluded_by=excluded_by, recording=recording,
        )  # fmt: skip


def _recording(ident: str, started_ns: int, answered_ns: int, ended_ns: int, at: int) -> RecordingRecord:
    packets = (ended_ns - answered_ns) // (SECOND // 50)
    lost = at % 97 == 0
    return RecordingRecord(
        starts_ns=answered_ns, path=layout.recording_path(started_ns, ident),
        sha256=hashlib.blake2b(ident.encode(), digest_size=32).digest(), frames=max(packets * 160, 160),
        gaps=((0, 160, 320),) if lost else (),
        streams=tuple(
            StreamRecord(
                channel=side, party=party, codec="PCMU", ssrc=(at * 2654435761 + side) % 2**32,
                source=f"192.0.2.{10 + side}:{10000 + at % 20000 * 2}",
                destination=f"192.0.2.{11 - side}:{10000 + at % 20000 * 2}", packets=packets,
                lost=int(lost and not side),
            )
            for side, party in enumerate(("caller", "callee"))
        ),
    )  # fmt: skip
