"""In the midst of each hostile capture, the good call comes out bit-exact, and memory stays small.

The captures are built and replayed in a few child processes, many in each (see `tests.hostile.play`), when the first
test asks; only those that were selected. A child that dies is said of the case it died in, and the cases after
that go to a new one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.cases import CASES
from tests.hostile.good import Truth, faults
from tests.hostile.write import write

pytestmark = pytest.mark.long

PEAK_MIB = 256
WORKERS = max(2, os.cpu_count() or 2)
GROUP = 16  # cases in one child
CASE_SECONDS = 60  # a case that takes longer is taken for one that never ends

ROOT = Path(__file__).resolve().parents[2]

Result = dict[str, Any]


def _play(folder: Path, names: list[str]) -> Iterator[Result]:
    """Results of the cases, whatever becomes of the children."""
    while names:
        command = [sys.executable, "-m", "tests.hostile.play", str(folder), *names]
        with (folder / f"{names[0]}.err").open("w+") as errors:
            try:
                done = subprocess.run(
                    command,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    timeout=CASE_SECONDS * 2 + len(names) * 2,
                )
                how, printed = f"exit {done.returncode}", done.stdout
            except subprocess.TimeoutExpired as late:
                how, printed = "never ended", late.stdout or b""
            errors.seek(0)
            said = errors.read()[-2000:]
        results = [json.loads(line) for line in printed.splitlines() if line.endswith(b"}")]
        yield from results
        names = names[len(results) :]
        if names:
            yield {"name": names[0], "died": f"{how}: {said}"}
            names = names[1:]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What the program did with each selected case, its stores under "folder"."""
    folder = tmp_path_factory.mktemp("hostile")
    selected = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_the_good_call_comes_out_whole"
    ]
    names = list(dict.fromkeys(selected))

    def group(at: int) -> list[Result]:
        mine = names[at : at + GROUP]
        command = [sys.executable, "-m", "tests.hostile.write", str(folder), *mine]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return list(_play(folder, mine))

    with ThreadPoolExecutor(WORKERS) as workers:
        results = [result for part in workers.map(group, range(0, len(names), GROUP)) for result in part]
    return {result["name"]: {**result, "folder": folder} for result in results}


@pytest.mark.promise("P4, P5", "hostile", "a good call among hostile packets")
@pytest.mark.parametrize("name", CASES)
def test_the_good_call_comes_out_whole(name: str, played: dict[str, Result]) -> None:
    """Exit 0, no traceback, both numbers, the times, and every sample from the answer to the BYE."""
    result = played[name]

    assert "died" not in result, result["died"]
    assert "Traceback" not in result["stderr"]
    assert (result["replay"], result["calls"]) == (0, 0), result["stderr"]
    truth: Truth = CASES[name].build().truth
    assert faults(truth, result["folder"] / f"{name}.store", result["listing"]) == []
    assert result["peak_mib"] < PEAK_MIB


# One of each kind, as a user runs it: a process of its own.
ON_ITS_OWN = (
    "flood_of_invites_from_many_sources_while_the_good_call_rings",
    "spray_of_ten_thousand_ssrcs_from_ten_thousand_strangers",
    "fragments_and_connections_and_tunnels",
    "tcp_register_of_four_megabytes",
    "pcap_ends_with_a_record_of_four_gigabytes",
    "pcapng_ends_with_a_block_of_four_gigabytes",
)


@pytest.mark.parametrize("case", ON_ITS_OWN)
def test_the_program_in_a_process_of_its_own(case: str, tmp_path: Path) -> None:
    """The kernel's own account of the largest resident set, and the exit status a shell would see."""
    [capture] = write(tmp_path, [case])
    command = [sys.executable, "-m", "recorder", "replay", "--store", str(tmp_path / "store"), str(capture)]

    # A process begins with the resident set of the one that started it on its account: start it from a small one.
    child = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURE, *command],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip

    status, peak_kib = map(int, child.stdout.splitlines()[-1].split())
    assert status == 0, child.stderr
    assert "Traceback" not in child.stderr
    assert peak_kib / 1024 < PEAK_MIB


_MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_there_are_enough_cases_and_each_family_has_some() -> None:
    families: dict[str, int] = {}
    for case in CASES.values():
        families[case.family] = families.get(case.family, 0) + 1

    assert len(CASES) >= 150
    assert len(families) >= 20
    assert min(families.values()) >= 2


def test_a_case_is_the_same_bytes_every_time() -> None:
    for name in ("spray_with_numbers_jumping_at_random", "garbage_that_begins_like_sip", "good_call_tcp_alone"):
        assert CASES[name].build() == CASES[name].build()
