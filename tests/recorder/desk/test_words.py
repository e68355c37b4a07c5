"""Each sentence of the pages is there, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import recorder.desk
from recorder.desk import words
from recorder.door.cases.entries import OF_CASES
from recorder.door.refusals import Why
from recorder.door.rights import Role

ROOT = Path(recorder.desk.__file__).parent


def used() -> set[str]:
    found = set()
    for path in [*ROOT.rglob("*.html"), *(ROOT / "pages").glob("*.py")]:
        found |= set(re.findall(r"\bt\(\s*[\"']([a-z_.]+)[\"']\s*[,)]", path.read_text("utf-8")))
        found |= set(re.findall(r"in_menu=\"([a-z_.]+)\"", path.read_text("utf-8")))
    return found


def test_every_key_that_is_used_is_said():
    assert used() <= words.keys()
    assert len(used()) > 100


def test_every_reason_and_every_role_has_its_words():
    assert {f"refused.{why}" for why in Why} | {f"role.{role}" for role in Role} <= words.keys()


def test_no_sentence_is_empty_and_both_languages_have_the_same_places():
    for key in words.keys():
        both = [words._BOOK[key][0], words._BOOK[key][1]]
        assert all(one.strip() for one in both), key
        assert len({frozenset(re.findall(r"{(\w+)}", one)) for one in both}) == 1, key


def test_japanese_is_japanese():
    plain = {key for key in words.keys() if not re.search(r"[ぁ-んァ-ン一-龥]", words._BOOK[key][0])}

    assert plain <= {"common.language", "common.me", "medium.dvd_r", "medium.cd_r", "copies.print.docx"}


def test_each_kind_of_entry_that_the_documents_name_has_its_word():
    text = (ROOT.parents[1] / "docs" / "register.md").read_text("utf-8").partition("## Checkpoints")[0]
    kinds = {kind for row in re.findall(r"^\| (`.*?) \|", text, re.M) for kind in re.findall(r"`([a-z_]+)`", row)}
    at_the_door = "\n".join(path.read_text("utf-8") for path in (ROOT.parent / "door").rglob("*.py"))
    kinds |= set(re.findall(r'enter\(\s*caller, "([a-z_]+)"', at_the_door))

    kinds |= set(OF_CASES)

    assert {f"kind.{kind}" for kind in kinds} <= words.keys() and len(kinds) > 35
