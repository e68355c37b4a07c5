"""Capture files as if they were live: their packets' times are the clock."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from capture.counters import Counters
from capture.files import open_capture
from capture.listener import Listener
from capture.listener import Settings as ListenerSettings
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from capture.sip.message import Caps
from recorder.days import Days
from recorder.lines import Lines
from recorder.notice import Prompts
from recorder.ring.who import account
from recorder.session import Session
from recorder.settings import Settings
from storage.store import Store


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay came to."""

    packets: int  # frames read
    calls: int
    recordings: int
    seconds: float  # it took
    warnings: list[str]
    counters: dict[str, int]


def listener_settings(settings: Settings) -> ListenerSettings:
    """The office's settings, as far as they concern listening."""
    return ListenerSettings(
        silence_ns=int(settings.media.silence_ends_call_s * 1e9),
        wait_ns=int(settings.media.early_audio_wait_s * 1e9),
        keys=any(section.record == "on_demand" for section in settings.sections),
        streams=settings.limits.tcp_streams,
        unheard_calls=settings.limits.dialogs_without_answer,
        caps=Caps(
            message=settings.limits.sip_message_bytes,
            headers=settings.limits.sip_headers,
            header_line=settings.limits.sip_header_bytes,
        ),
    )


def _collect_seldom() -> None:
    """Messages and calls come and go by reference count; looking for cycles among them every 700 costs a twentieth."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


async def replay(
    captures: Sequence[str],
    store: Path,
    settings: Settings,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    block_bytes: int = 8 << 20,
) -> ReplaySummary:
    """Record the calls of capture files into a store, one file after the other.

    Each file is a capture of its own: calls do not go on from one to the next. `progress` is told bytes read so far
    and in all (None if unknown). What is counted goes into the store's tallies too, by day, as a run of its own: the
    same capture again is another run, whose frames were seen again. Raises `CaptureFileError`, `StoreError`.
    """
    began = time.monotonic()
    _collect_seldom()
    warnings: list[str] = []
    counters, of_files = Counters(), Counters()
    prompts = Prompts.load(settings.notice.prompts) if settings.notice.prompts else None
    async with await Store.open(store, create=True) as opened:
        if settings.policy.office or settings.policy.rules:
            from recorder.ring.adoption import adopt_first

            told = await adopt_first(store, settings, at_ns=time.time_ns(), who=account())
            warnings += [told] if told else []
        await opened.begin_run(" ".join(Path(name).name for name in captures))
        session = Session(
            opened, encoding=settings.recording.encoding, monotonic_s=time.monotonic, prompts=prompts
        )
        for name in captures:
            book = AddressBook()
            decoder = NetworkDecoder(
                book,
                counters,
                vxlan_ports=settings.capture.vxlan_ports,
                max_datagrams=settings.limits.reassembly_datagrams,
                max_fragment_bytes=settings.limits.reassembly_bytes,
            )
            session.take_requests()
            session.attend(Lines(settings, book), counters)
            listener = Listener(session, book, counters, listener_settings(settings))
            source = sys.stdin.buffer if name == "-" else name
            with open_capture(source, block_bytes=block_bytes) as capture:
                days = Days(capture.counters, counters, opened.tally)
                for block in capture:
                    for piece in days.pieces(block):
                        listener.feed(decoder.decode(piece))
                    await session.settle()
                    if progress is not None:
                        progress(capture.bytes_read, capture.bytes_total)
                listener.finish()
                session.finish()
                days.finish()
                await session.settle(all_of_it=True)
                for reason, count in capture.counters.as_dict().items():
                    of_files.add(reason, count)
                warnings += [f"{'standard input' if name == '-' else name}: {text}" for text in capture.warnings]
        opened.end_run()
        warnings += session.warnings + session.unmet()
        if session.already_kept:
            known = f"{session.already_kept} calls were in the store already, or erased from it,"
            warnings.append(f"{known} and were left as they are.")
        return ReplaySummary(
            packets=counters["frames"],
            calls=session.calls,
            recordings=session.recordings,
            seconds=time.monotonic() - began,
            warnings=warnings,
            counters=dict(sorted((counters.as_dict() | of_files.as_dict()).items())),
        )
