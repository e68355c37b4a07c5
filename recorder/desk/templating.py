"""The templates: everything that goes into one is escaped, unless it is markup of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from recorder.desk import saying, showing
from recorder.desk.showing import Language


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("recorder.desk", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    for name, show in (showing.FILTERS | {"excluding": saying.excluding}).items():
        made.filters[name] = _in_language(show)
    return made


def _in_language(show: Callable[[Any, Language], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def shown(context: Context, value: Any) -> str:
        return show(value, context["language"])

    return shown


TEMPLATES = _environment()
