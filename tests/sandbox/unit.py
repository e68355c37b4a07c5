"""What a unit file says."""

from __future__ import annotations

import functools
import shlex
import subprocess

from tests.packages import require


class Unit:
    """The settings of [Service], each with all its values. An empty value forgets those before it (systemd.syntax)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._values: dict[str, list[str]] = {}
        section = ""
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and line[0] not in "#;" and section == "Service":
                key, _, value = line.partition("=")
                self._values[key] = [*self._values.get(key, []), value] if value else []

    def __getitem__(self, key: str) -> str:
        """The value of a setting, "" if there is none."""
        return (self._values.get(key) or [""])[-1]

    def words(self, key: str) -> list[str]:
        """The words of a list that may be said in several lines."""
        return [word for value in self._values.get(key, []) for word in value.split()]

    def is_on(self, key: str) -> bool:
        return self[key] in ("yes", "true", "on", "1", "strict", "invisible")

    def command(self) -> list[str]:
        return shlex.split(self["ExecStart"])

    def keys(self) -> set[str]:
        return set(self._values)

    def system_calls(self) -> set[str]:
        """What SystemCallFilter= lets through. The first line says that it is a list of what is allowed."""
        allowed = set(_expanded("@default"))
        for value in self._values["SystemCallFilter"]:
            named = {call for word in value.removeprefix("~").split() for call in _expanded(word)}
            allowed = allowed - named if value.startswith("~") else allowed | named
        return allowed


@functools.cache
def _expanded(name: str) -> frozenset[str]:
    """The system calls of a set, by what systemd itself has as the set."""
    if not name.startswith("@"):
        return frozenset({name})
    said = subprocess.run(
        [require("systemd-analyze"), "syscall-filter", name], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    words = [line.strip() for line in said.splitlines()[1:]]
    return frozenset(call for word in words if word and not word.startswith("#") for call in _expanded(word))
