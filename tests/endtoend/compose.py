"""What docker-compose.yml says, as far as it can be done without Docker: commands, addresses, folders, rights."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"


@dataclass
class Service:
    """One container."""

    name: str
    command: list[str]  # with its entry point, and with setpriv where the file takes rights away
    address: str | None  # on the demo's network
    folders: dict[str, str]  # path inside -> folder in the checkout, or the name of a volume


def services() -> dict[str, Service]:
    """All services, in the file's order."""
    file: dict[str, Any] = YAML(typ="safe").load(FILE)
    entry_points = {one["image"]: _entry_point(one["build"]) for one in file["services"].values() if "build" in one}
    return {name: _service(name, one, entry_points) for name, one in file["services"].items()}


def bridge_name() -> str:
    """How Docker is told to call the network's bridge."""
    file: dict[str, Any] = YAML(typ="safe").load(FILE)
    name: str = file["networks"]["office"]["driver_opts"]["com.docker.network.bridge.name"]
    return name


def _service(name: str, one: Mapping[str, Any], entry_points: Mapping[str, list[str]]) -> Service:
    said = one["command"]
    command = shlex.split(said) if isinstance(said, str) else [str(word) for word in said]
    rights = []
    if one.get("cap_drop") == ["ALL"]:
        kept = "".join(f",+{right.lower()}" for right in one.get("cap_add", []))
        rights = ["setpriv", f"--bounding-set=-all{kept}", "--inh-caps=-all"]
        rights += ["--no-new-privs"] if "no-new-privileges:true" in one.get("security_opt", []) else []
    network = one.get("networks", {}).get("office", {})
    return Service(
        name=name,
        command=[*rights, *one.get("entrypoint", entry_points[one["image"]]), *command],
        address=network.get("ipv4_address"),
        folders={parts[1]: parts[0] for parts in (volume.split(":") for volume in one["volumes"])},
    )


def _entry_point(build: Mapping[str, str]) -> list[str]:
    found = re.search(r"^ENTRYPOINT (.*)$", (ROOT / build["dockerfile"]).read_text(), re.MULTILINE)
    return json.loads(found[1]) if found else []
