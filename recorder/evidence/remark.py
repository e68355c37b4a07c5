"""What a check has to say, in both languages. The sentences are those of verify.html (page/sentences.json)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say; `values` go into its sentence."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["fault", "proved", "open"]:
        """Whether something is wrong, proved, or left open."""
        kind: Literal["fault", "proved", "open"] = _sentences()[self.code]["kind"]
        return kind

    def text(self, language: Literal["ja", "en"]) -> str:
        sentence: str = _sentences()[self.code][language]
        return re.sub(r"\{(\w+)\}", lambda found: self.values[found[1]], sentence)


@cache
def _sentences() -> dict[str, Any]:
    text = (resources.files("recorder.evidence.page") / "sentences.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
