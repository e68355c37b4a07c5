"""Figures and alarms for Prometheus, in its text form. Nothing of callers, and no label that input could multiply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.figures.values import Figures
from recorder.housekeeping.disk import Look

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def as_text(figures: Figures | None, look: Look | None, alarms: Sequence[Alarm]) -> bytes:
    """The page that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Found([*_of_capture(figures), *_of_disk(look), _of_alarms(alarms)]))
    return generate_latest(registry)


class _Found(Collector):
    """Metrics that are known already."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = list(found)

    def collect(self) -> Iterator[Metric]:
        yield from self._found


def _of_capture(now: Figures | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("recorder_up", "Whether figures of a recorder at work are there.", value=now is not None)
    if now is None:
        return
    calls = GaugeMetricFamily("recorder_calls", "Calls going on.", labels=["direction"])
    for direction in ("inbound", "outbound", "internal", "unknown"):
        calls.add_metric([direction], now.calls.by_direction.get(direction, 0))
    yield calls
    for name, what, value in (
        ("recorder_start_time_seconds", "When the recorder started.", now.started_ns / 1e9),
        ("recorder_figures_time_seconds", "When it last published its figures.", now.at_ns / 1e9),
        ("recorder_calls_answered", "Calls going on that were answered.", now.calls.talking),
        ("recorder_calls_one_sided", "Calls of which only one side is heard.", now.calls.one_sided),
        ("recorder_calls_unheard", "Calls of which neither side is heard.", now.calls.unheard),
        ("recorder_waiting_bytes", "Audio that waits for the disk.", now.waiting_bytes),
        ("recorder_catalogue_late_seconds", "How long the oldest call waits to be entered.", now.late_s),
    ):
        yield GaugeMetricFamily(name, what, value=value)
    for name, what, value in (
        ("recorder_calls_entered", "Calls in the catalogue.", now.entered),
        ("recorder_recordings", "Recordings finished.", now.recordings),
        ("recorder_shed_bytes", "Audio for which there was no room.", now.shed_bytes),
    ):
        yield CounterMetricFamily(name, what, value=value)
    frames = CounterMetricFamily("recorder_frames", "Frames read.", labels=["interface"])
    dropped = CounterMetricFamily("recorder_frames_dropped", "Frames the kernel had no room for.", labels=["interface"])
    up = GaugeMetricFamily("recorder_interface_up", "Whether frames can come.", labels=["interface"])
    for one in now.interfaces:
        frames.add_metric([one.name], one.frames)
        dropped.add_metric([one.name], one.dropped)
        up.add_metric([one.name], one.state == "up")
    counts = CounterMetricFamily("recorder_seen", "What was seen and left out, by reason.", labels=["reason"])
    for reason, count in now.counts.items():
        counts.add_metric([reason], count)
    yield from (frames, dropped, up, counts)


def _of_disk(look: Look | None) -> Iterator[Metric]:
    if look is None or look.space is None:
        return
    space = look.space
    yield GaugeMetricFamily("recorder_disk_bytes", "Size of the store's disk.", value=space.total_bytes)
    yield GaugeMetricFamily("recorder_disk_free_bytes", "What of it is free.", value=space.free_bytes)
    yield GaugeMetricFamily("recorder_disk_free_inodes", "Files that can be made still.", value=space.free_inodes)


def _of_alarms(alarms: Sequence[Alarm]) -> Metric:
    """Each code there is, so that a rule can be written for one that never rang."""
    found = GaugeMetricFamily("recorder_alarm", "How many alarms of a code stand.", labels=["code", "severity"])
    for code in Code:
        found.add_metric([code.value, code.severity.value], sum(one.code is code for one in alarms))
    return found
