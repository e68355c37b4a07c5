"""Why a hook could not do what it was asked."""

from __future__ import annotations


class HookFault(Exception):
    """`reason` is a fixed word for a counter; the text is for a person."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
