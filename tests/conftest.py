"""What all tests share: how hard hypothesis tries, where the shared captures are, and a last line about skips."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.capture.wire.cables import Cable
from tests.reliability.promises import Row, Tried, note

ROOT = Path(__file__).resolve().parent.parent

# No deadline: on a busy machine it measures the machine. `deep` is for nights: HYPOTHESIS_PROFILE=deep make test
settings.register_profile("fast", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Captures and documents that aren't part of the checkout: ../shared, or RECORDER_SHARED."""
    folder = Path(os.environ.get("RECORDER_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("../shared missing: put the folder of shared captures there, or name it in RECORDER_SHARED")
    return folder


@pytest.fixture(scope="session")
def demo_capture() -> Path:
    """The capture that ships with the project; its truth lies beside it."""
    return ROOT / "tests" / "captures" / "demo.pcap"


@pytest.fixture
def as_root() -> None:
    """For tests that need root: network namespaces, packet sockets."""
    needs_root()


def needs_root() -> None:
    """The same for fixtures that many tests share."""
    if os.geteuid() != 0:
        pytest.skip("root: not running as root, so no namespaces or packet sockets")


@pytest.fixture
def cable(as_root: None) -> Iterator[Cable]:
    """A mirror port: a virtual cable of the test's own."""
    laid = Cable()
    try:
        yield laid
    finally:
        laid.remove()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are handed to the processes of `make test` in the order of the tests: the long ones first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


_skipped: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _count_skip(report.longrepr)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _count_skip(report.longrepr)


def _count_skip(reason: object) -> None:
    text = reason[2] if isinstance(reason, tuple) else str(reason)
    _skipped[text.removeprefix("Skipped: ")] += 1


_tried = pytest.StashKey[Tried]()


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Tried:
    """Of a test that belongs to a promise: how often it tried, and what the worst was."""
    return request.node.stash.setdefault(_tried, Tried())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The row of a test that is marked with what its row shall say: see tests/reliability/promises.py."""
    report = yield
    marker = item.get_closest_marker("promise")
    if marker is not None and marker.args and report.when == "call" and not report.skipped:
        tried = item.stash.get(_tried, Tried(1))
        faults = (f"{item.nodeid} failed",) if report.failed else ()
        worst = "not as promised" if faults else tried.worst
        note(Row(*marker.args, cycles=tried.cycles, worst=worst, limit=tried.limit, faults=faults))
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """After pytest's own last line, one more: what was not tested here, and why."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not _skipped:
        return
    reasons = "; ".join(f"{count} x {reason}" for reason, count in _skipped.most_common())
    reporter.write_line(f"NOT TESTED HERE: {sum(_skipped.values())} skipped: {reasons}", yellow=True, bold=True)
