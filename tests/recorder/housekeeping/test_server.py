"""Metrics and health, asked as Prometheus and a monitoring ask; and nobody else gets anywhere."""

from __future__ import annotations

import http.client
import json
import socket
import stat
import urllib.request
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.housekeeping import metrics
from recorder.housekeeping.disk import Look
from recorder.settings import check
from storage.disk import Space
from tests.recorder.daemon.runs import Talk, running
from tests.recorder.housekeeping.conftest import Keeper, wait_until
from tests.recorder.housekeeping.test_figures import SOME


class OverSocket(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


def ask(path: Path, what: str, method: str = "GET") -> tuple[int, bytes]:
    connection = OverSocket(path)
    try:
        connection.request(method, what)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def values(text: bytes) -> dict[str, Any]:
    """By name, the values by labels."""
    found: dict[str, Any] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_metrics_are_what_a_prometheus_reads() -> None:
    look = Look(Space(1000, 100, 10, 5))
    down = [Alarm(Code.NO_PACKETS, about=name) for name in ("eth1", "eth2")]

    found = values(metrics.as_text(SOME, look, down))

    assert found["recorder_up"] == {(): 1}
    assert found["recorder_calls"][("inbound",)] == 2
    assert found["recorder_frames_total"] == {("eth1",): 1000}
    assert found["recorder_seen_total"] == {("rtp_short",): 1}
    assert found["recorder_disk_free_bytes"] == {(): 100}
    assert found["recorder_alarm"][("no_packets", "critical")] == 2
    assert found["recorder_alarm"][("disk_full", "critical")] == 0
    assert values(metrics.as_text(None, None, []))["recorder_up"] == {(): 0}


def test_health_and_metrics_of_a_call_going_on(keeper: Keeper) -> None:
    talk = Talk(1)
    where = keeper.folder / "status.sock"
    with running(keeper.store, "--config", str(keeper.config)) as run:
        run.send([*talk.setup(), *talk.says(0, 1)])
        keeper.start()
        wait_until(where.exists, 20)
        wait_until(lambda: values(ask(where, "/metrics")[1]).get("recorder_calls", {}).get(("unknown",)) == 1, 10)
        text = ask(where, "/metrics")[1]
        healthy = ask(where, "/health")

        assert ask(where, "/metrics", "POST")[0] == 405
        assert ask(where, "/etc/passwd")[0] == 404
        assert ask(where, "/health", "HEAD") == (200, b"")
        assert stat.S_IMODE(where.stat().st_mode) == 0o660
    wait_until(lambda: ask(where, "/health")[0] == 503, 20)  # nobody records any more

    assert healthy[0] == 200 and json.loads(healthy[1])["ok"] is True
    for secret in (talk.names["call_id"], "192.0.2", "198.51.100"):
        assert secret.encode() not in text + healthy[1]
    assert keeper.stop() == 0
    assert not where.exists()


def test_it_may_listen_on_this_machine_alone(keeper: Keeper) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keeper.config.write_text(f'[status]\nfolder = "{keeper.folder}"\nlisten = "127.0.0.1:{port}"\n', "utf-8")
    keeper.start()
    wait_until(lambda: "ready" in keeper.said, 20)

    with socket.create_connection(("127.0.0.1", port)) as rude:  # says nothing, and holds nobody up
        rude.sendall(b"GET")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert values(answer.read())["recorder_up"] == {(): 0}

    for elsewhere in ("0.0.0.0:9180", "192.0.2.1:9180", "[::]:9180", "9180"):
        settings, faults = check(f'[status]\nlisten = "{elsewhere}"\n'.encode())
        assert settings is None and "this machine alone" in str(faults[0])


def test_a_request_that_is_too_long_gets_no_answer(keeper: Keeper) -> None:
    keeper.start()
    where = keeper.folder / "status.sock"
    wait_until(where.exists, 20)
    with socket.socket(socket.AF_UNIX) as rude:
        rude.settimeout(10)
        rude.connect(str(where))
        try:
            rude.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 100_000)
            answer = rude.recv(100)
        except OSError:
            answer = b""

    assert answer == b""
    assert ask(where, "/metrics")[0] == 200
