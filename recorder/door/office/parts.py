"""What of the settings an office changes itself, part by part: as the file has it, and as a person reads it. Pure.

| part | keys |
| --- | --- |
| `excluded` | `lines.never_record`: lines that are never recorded |
| `sections` | `[[sections]]`: sections and their extensions, with the days from and until which they have them |
| `retention` | `policy.office`, `policy.rules`: how long recordings are kept |
| `prompts` | `announcement.prompts`: which notice callers hear; `notice.prompts`: which are looked for in calls |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

from recorder.policy.words import length
from recorder.settings.announcing import PromptRule
from recorder.settings.models import OwnRule, Policy, Section, Settings

Part = Literal["excluded", "sections", "retention", "prompts"]
Tables = dict[str, Any]
WHEN = {"always": "いつでも", "open": "開庁時間", "closed": "時間外", "holiday": "閉庁日"}


def of(settings: Settings, part: Part) -> Tables:
    """The part as office.toml has it."""
    match part:
        case "excluded":
            return {"lines": {"never_record": list(settings.lines.never_record)}}
        case "sections":
            return {"sections": [as_table(one) for one in settings.sections]}
        case "retention":
            return retention(settings.policy.office, settings.policy.rules)
        case "prompts":
            return {
                "announcement": {"prompts": [as_table(one) for one in settings.announcement.prompts]},
                "notice": {"prompts": [str(one) for one in settings.notice.prompts]},
            }


def retention(office: str, rules: Sequence[OwnRule]) -> Tables:
    """The same of a rule."""
    return {"policy": {"office": office, "rules": [as_table(one) for one in rules]}}


def as_table(one: Any) -> dict[str, Any]:
    """A frozen dataclass of settings as a table of TOML, without what is as it is anyway."""
    found: dict[str, Any] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if value is None or value == field.default:
            continue
        if hasattr(value, "__dataclass_fields__"):
            value = as_table(value)
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, date):
            value = value.isoformat()
        elif isinstance(value, Path):
            value = str(value)
        found[field.name] = value
    return found


def put(office: Mapping[str, Any], change: Tables, section: str = "") -> Tables:
    """The office's file with one part of it changed; of a change that is about one section, no other section."""
    found = dict(office)
    for top, value in change.items():
        if section and top == "sections" and top in found:
            value = _with_section(found[top], value, section)
        found[top] = {**found.get(top, {}), **value} if isinstance(value, dict) else value
    return found


def about(tables: Tables, section: str) -> Tables:
    """What of these tables a change of that section depends on; of all of the office ("") everything."""
    return {"sections": _of_name(tables["sections"], section)} if section else tables


def _with_section(known: Sequence[Tables], change: Sequence[Tables], section: str) -> list[Tables]:
    """In the places where it stood, or behind all others."""
    new = _of_name(change, section)
    places = [at for at, one in enumerate(known) if one["name"] == section]
    found = [one for one in known if one["name"] != section]
    at = places[0] if places else len(found)
    return [*found[:at], *new, *found[at:]]


def _of_name(sections: Sequence[Tables], name: str) -> list[Tables]:
    return [one for one in sections if one["name"] == name]


def lines(settings: Settings, part: Part) -> tuple[str, ...]:
    """The part as a person reads it, a line each."""
    match part:
        case "excluded":
            return settings.lines.never_record
        case "sections":
            return tuple(_section(one) for one in settings.sections)
        case "retention":
            return _policy(settings.policy)
        case "prompts":
            return tuple(_prompt(one) for one in settings.announcement.prompts)


def _section(one: Section) -> str:
    days = f"（{one.since or ''}～{one.until or ''}）" if one.since or one.until else ""
    return f"{one.name}：{' '.join(one.extensions)}{days}"


def _prompt(one: PromptRule) -> str:
    whose = " ".join(one.lines) or "すべての回線"
    said = f"「{one.text}」" if one.text else ""
    return f"{whose}・{WHEN[one.when]}：{said}（{short_name(one.file)}）"


def short_name(file: Path) -> str:
    """A prompt's file as a person tells it from others: its name, or the beginning of its SHA-256."""
    return file.stem[:12] if len(file.stem) == 64 else file.name


def _policy(policy: Policy) -> tuple[str, ...]:
    from recorder.policy.choosing import policy_of

    chosen = policy_of(policy)
    if chosen is None:
        return ()
    found = []
    for one in chosen.rules:
        whose = "、".join((*one.sections, *one.extensions, *one.lines))
        found.append(f"{whose or chosen.office}：{length(one.rule)}")
    return tuple(found)
