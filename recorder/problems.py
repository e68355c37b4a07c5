"""What goes wrong through no fault of the program: said to a person, with what mends it."""

from __future__ import annotations


class Unusable(Exception):
    """An argument, a configuration or an input that can't be used; the command line exits with status 2."""

    def __init__(self, sentence: str, *, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence  # one sentence that names the thing at fault
        self.hint = hint  # the command or the act that mends it, if there is one

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}" if self.hint else self.sentence
