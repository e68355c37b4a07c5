"""The code book: every alarm can be read, by everybody, and leads to something that can be done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code

ROOT = Path(__file__).resolve().parents[3]
VALUES = {
    "store": "/s", "count": 3, "share": "1 %", "allowed": "2 %", "rule_ja": "3か月間", "rule_en": "3 months", "days": 4,
    "when_ja": "今", "when_en": "now", "short": "1 B", "free": "2 B", "now_ja": "今", "now_en": "now",
    "newest_ja": "先", "newest_en": "then", "since_ja": "昔", "since_en": "long", "path_ja": "/p", "path_en": "/p",
    "file": "f", "interface": "eth1", "seconds": 60, "usual": 100, "state": "down", "calls": 2, "size": "3 MB",
    "reason": "r", "first": "2026/11/22/a.wav", "of": 9, "name": "escrow", "minutes": 15, "witness": "http://w",
    "config": "/etc/recorder.toml",
}  # fmt: skip


@pytest.mark.parametrize("code", Code)
def test_each_code_has_a_meaning_and_a_remedy_in_both_languages(code: Code) -> None:
    alarm = Alarm(code, dict(VALUES))

    for text in (alarm.meaning("en"), alarm.remedy("en")):
        assert text and not re.search("[ぁ-んァ-ヶ一-龥{}]", text)
    for text in (alarm.meaning("ja"), alarm.remedy("ja")):
        assert re.search("[ぁ-ん]", text) and "{" not in text
    assert alarm.meaning("ja").endswith("。")


def test_commands_that_remedies_name_exist() -> None:
    from recorder.cli import COMMANDS

    remedies = " ".join(Alarm(code, dict(VALUES)).remedy("en") for code in Code)
    words = re.findall(r"recorder (\w[\w-]*)", remedies)

    assert words
    assert {word for word in words if word not in COMMANDS} == set()


def test_each_code_stands_in_the_document() -> None:
    document = (ROOT / "docs" / "alarms.md").read_text("utf-8")

    assert [code for code in Code if f"`{code.value}`" not in document] == []
