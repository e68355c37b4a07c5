"""What the documents name, exists."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from recorder.cli import COMMANDS, program

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/captures/*.md")])
NAME = re.compile(r"`((?:capture|storage|recorder|bench|tests)(?:\.\w+)+)(?:\(\))?`")
FILES = ("toml", "py", "md", "sqlite", "txt", "pcap", "wav", "sql", "yml")


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            # A field of a dataclass with slots, or one that has no default, is an annotation.
            if not hasattr(found, part) and part not in getattr(found, "__annotations__", {}):
                return False
            found = getattr(found, part, None)
        return True
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_name_of_ours_resolves(document: Path) -> None:
    names = {name for name in NAME.findall(document.read_text("utf-8")) if name.rpartition(".")[2] not in FILES}

    assert [name for name in sorted(names) if not resolves(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def commands_of(document: Path) -> list[list[str]]:
    """What a reader is told to type: lines that begin with a dollar sign in a console block."""
    blocks = re.findall(r"^```console\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)
    return [line[2:].split() for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_command_of_a_session_exists_with_its_options(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for words in commands_of(document):
        if words[0] == "make":
            assert words[1] in targets, words
        if words[0] == "recorder":
            assert words[1] in COMMANDS, words
            command = program.get_command(click.Context(program), words[1])
            if isinstance(command, click.Group):
                command = command.get_command(click.Context(command), words[2])
            assert command is not None
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, words


def test_a_name_that_is_gone_is_noticed() -> None:
    assert resolves("recorder.settings.Lines.trunks")
    assert not resolves("recorder.settings.Linse")
    assert not resolves("storage.no_such_module")


def test_each_target_says_what_it_is_for() -> None:
    """`make help` shows only those that do."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", "")
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, re.M)

    assert set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M)) == set(phony.split())


def test_each_package_that_is_asked_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = {
        line.partition("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }

    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {name.partition(";")[0].lower() for name in asked} <= pinned
