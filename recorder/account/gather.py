"""The whole account of a store: frames, calls, and the exchange's list beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from recorder.account import balance
from recorder.account.cdr import Line
from recorder.account.reconcile import FARTHEST_NS, Reconciliation, reconcile
from recorder.settings import Cdr
from storage.layout import day_begins_ns
from storage.records import CallRecord
from storage.store import StoreReader
from storage.tallies import Run, Tally

_DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class RunAccount:
    """One reading of captures into the store."""

    run: Run
    frames: int  # it saw, on the day that was asked for
    under_way: int  # dialogs that began in it, on any day, and came to no end
    fault: str  # "" if nothing is wrong with it
    deaf_ns: tuple[int, int] | None = None  # since when, until when nobody listened before it, or nobody counted


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that `recorder account` tells."""

    day: str | None
    frames: balance.Frames
    runs: list[RunAccount]
    calls: balance.Calls
    cdr: Reconciliation | None
    notes: list[str] = field(default_factory=list)  # what is no fault, and good to know

    @property
    def agrees(self) -> bool:
        """Whether everything adds up and neither side lacks anything."""
        return (
            self.frames.balanced
            and self.calls.balanced
            and not any(one.fault for one in self.runs)
            and (self.cdr is None or not self.cdr.findings)
        )


async def gather(store: StoreReader, *, day: str | None, lines: Sequence[Line] | None, cdr: Cdr) -> Account:
    """Read the store: all of it, or a Japanese day (as in 2026-11-22). `lines` are the exchange's, None if there are
    none to compare with."""
    tallies, runs = await store.tallies(), await store.runs()
    of_the_day: Counter[str] = Counter()
    for tally in tallies:
        if day is None or tally.day == day:
            of_the_day[tally.reason] += tally.count
    calls = balance.Calls()
    begin_ns, end_ns = (-(2**63), 2**63 - 1) if day is None else (day_begins_ns(day), day_begins_ns(day) + _DAY_NS)
    async for call in store.calls(begin_ns, end_ns):
        calls.add(call)
    compared = None
    if lines is not None:
        compared = await _compare(store, lines, cdr, day, (begin_ns, end_ns))
    of_runs = run_accounts(runs, tallies, day, going_on=store.is_written_to())
    return Account(day, balance.frames(of_the_day), of_runs, calls, compared, _notes(of_runs, of_the_day, calls, day))


async def _compare(
    store: StoreReader, lines: Sequence[Line], cdr: Cdr, day: str | None, times: tuple[int, int]
) -> Reconciliation:
    if day is not None:
        begin_ns, end_ns = times[0] - FARTHEST_NS, times[1] + FARTHEST_NS
        lines = [line for line in lines if begin_ns <= line.start_ns < end_ns]
    elif lines:
        begin_ns = min(line.start_ns for line in lines) - FARTHEST_NS - _DAY_NS
        end_ns = max(line.last_ns for line in lines) + FARTHEST_NS + _DAY_NS
    else:
        begin_ns, end_ns = times
    calls: list[CallRecord] = [call async for call in store.calls(begin_ns, end_ns)]
    return reconcile(lines, calls, cdr, day)


def run_accounts(runs: Sequence[Run], tallies: Sequence[Tally], day: str | None, *, going_on: bool) -> list[RunAccount]:
    """The runs that saw anything on the day, with what is wrong with them.

    `going_on`: somebody writes to the store now, so the last run isn't broken off. A run that was broken off is no
    fault any more when the same captures were read to their end later, or when a later run went on with its calls.
    The tallies of a killed run add up as far as they go: what came since then, up to the next run, is in no count.
    """
    sums: dict[int, Counter[str]] = {run.number: Counter() for run in runs}
    frames: Counter[int] = Counter()
    days: dict[int, set[str]] = {}
    for tally in tallies:
        sums[tally.run][tally.reason] += tally.count
        days.setdefault(tally.run, set()).add(tally.day)
        if (day is None or tally.day == day) and tally.reason in balance.HANDED_ON:
            frames[tally.run] += tally.count
    found = []
    for run in runs:
        if day is not None and day not in days.get(run.number, ()):
            continue
        open_dialogs, fault = balance.under_way(sums[run.number]), ""
        again = any(other.complete and other.what == run.what for other in runs if other.number > run.number)
        again |= any(_goes_on(other, run) for other in runs)
        running = going_on and run is runs[-1]
        if run.complete and open_dialogs:
            fault = f"it is complete, and {open_dialogs:,} of its dialogs came to no end"
        elif not run.complete and not running and not again:
            fault = f"it was broken off while {open_dialogs:,} dialogs went on"
        found.append(RunAccount(run, frames[run.number], open_dialogs, fault, _deaf(run, runs)))
    return found


def _goes_on(run: Run, before: Run) -> bool:
    """Whether a run listened where another had, from after its end on: no capture file that is read again does."""
    if run.what != before.what or run.number <= before.number or run.from_ns is None:
        return False
    ended_ns = before.until_ns if before.until_ns is not None else before.from_ns
    return ended_ns is not None and ended_ns < run.from_ns


def _deaf(run: Run, runs: Sequence[Run]) -> tuple[int, int] | None:
    """The time before a run in which nobody listened, or of which a killed run counted nothing."""
    ends = [other.until_ns for other in runs if _goes_on(run, other) and other.until_ns is not None]
    return (max(ends), run.from_ns) if ends and run.from_ns is not None else None


def _notes(runs: Sequence[RunAccount], counts: Counter[str], calls: balance.Calls, day: str | None) -> list[str]:
    notes = []
    for what, times in Counter(one.run.what for one in runs).items():
        if times > 1:
            notes.append(f"{what} was read {times} times, and its frames count each time")
    if calls.seen and not counts:
        when = "on this day" if day else "in this store"
        notes.append(f"nothing was counted {when}, so its calls were recorded before counts were kept")
    return notes
