"""Sentences for the log: no more than a few a second, whatever happens. To the system's journal with their fields, if
stderr goes there; else as lines on stderr."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable

from recorder.daemon.journal import Journal

MOST_A_SECOND = 10
INFO = 6  # level of syslog


class Voice:
    """Says sentences. `now_s` is monotonic time in seconds; `identifier` is whose they are, in the journal."""

    def __init__(self, identifier: str = "recorder", journal: Journal | None = None) -> None:
        self._journal = journal or Journal.found(identifier)
        self._second = -1
        self._to_journal = "JOURNAL_STREAM" in os.environ
        self._said = 0
        self._left_out = 0

    def say(self, sentences: Iterable[str], now_s: float, *, level: int | None = None) -> None:
        """Each on a line of its own; those beyond MOST_A_SECOND are counted, and the count is said in the end. `level`
        is syslog's, for the journal (sd-daemon(3)). A `recorder.sentences.Sentence` tells its fields, too."""
        if int(now_s) != self._second:
            self._second, self._said = int(now_s), 0
            if self._left_out:
                left_out, self._left_out = self._left_out, 0
                self._write(f"{left_out} further sentences were left out.")
        for sentence in sentences:
            self._said += 1
            if self._said <= MOST_A_SECOND:
                self._write(sentence, level)
            else:
                self._left_out += 1

    def _write(self, sentence: str, level: int | None = None) -> None:
        if self._journal is not None and self._journal.tell(sentence, INFO if level is None else level):
            return
        mark = f"<{level}>" if level is not None and self._to_journal else ""
        try:
            if not _takes_a_line():
                self._left_out += 1
                return
            print(f"{mark}recorder: {sentence}", file=sys.stderr, flush=True)
        except OSError:
            self._left_out += 1  # the disk of the journal is full, or nobody reads: recording matters more

    def close(self) -> None:
        """Nothing more is said."""
        if self._journal is not None:
            self._journal.close()


def _takes_a_line() -> bool:
    """Whether stderr takes a line at once. A pipe or a journal whose reader stands still would hold the capture up."""
    try:
        poll = select.poll()
        poll.register(sys.stderr.fileno(), select.POLLOUT)
    except (OSError, ValueError):  # it is no file of the system: nobody can stand still there
        return True
    return bool(poll.poll(0))
