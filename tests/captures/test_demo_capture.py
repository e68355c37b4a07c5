"""demo.pcap against demo.truth.json, read without a line of the recorder's own code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import pytest
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def mu_law_table() -> NDArray[np.int64]:
    """G.711's µ-law, written out as Recommendation G.191 has it."""
    byte = ~np.arange(256) & 0xFF
    magnitude = (((byte & 15) << 3) + 132) << (byte >> 4 & 7)
    return np.where(byte & 128, 132 - magnitude, magnitude - 132)


@pytest.fixture(scope="module")
def truth(demo_capture: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(demo_capture.with_suffix(".truth.json").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def datagrams(demo_capture: Path) -> list[bytes]:
    with demo_capture.open("rb") as file:
        frames = [dpkt.ethernet.Ethernet(frame) for _, frame in dpkt.pcap.Reader(file)]
    return [bytes(frame.data.data.data) for frame in frames if isinstance(frame.data.data, dpkt.udp.UDP)]


@pytest.fixture(scope="module")
def audio(datagrams: list[bytes]) -> dict[str, Samples]:
    """The samples of each stream, by SSRC."""
    table, payloads = mu_law_table(), dict[str, list[bytes]]()
    for data in datagrams:
        if len(data) == 172 and data[0] == 0x80 and data[1] & 0x7F == 0:
            payloads.setdefault(f"0x{data[8:12].hex()}", []).append(data[12:])
    return {
        ssrc: table[np.frombuffer(b"".join(parts), np.uint8)].astype(np.float64) for ssrc, parts in payloads.items()
    }


def loudness(samples: Samples, at_s: float, lasts_s: float) -> float:
    """Root mean square of the middle of a span."""
    middle = samples[int((at_s + 0.2) * 8000) : int((at_s + lasts_s - 0.2) * 8000)]
    assert len(middle)
    return float(np.sqrt(np.mean(middle**2)))


def test_each_stream_of_the_truth_is_there_with_its_bytes(truth: dict[str, Any], audio: dict[str, Samples]) -> None:
    streams = [stream for call in truth["calls"] for stream in call["streams"]]

    assert {stream["ssrc"]: stream["payload_bytes"] for stream in streams} == {
        ssrc: len(samples) for ssrc, samples in audio.items()
    }


def test_each_sentence_is_heard_on_its_side_and_nothing_on_the_other(
    truth: dict[str, Any], audio: dict[str, Samples]
) -> None:
    for call in truth["calls"]:
        sides = {stream["party"]: audio[stream["ssrc"]] for stream in call["streams"]}
        for line in call["spoken"]:
            other = "callee" if line["party"] == "caller" else "caller"

            assert loudness(sides[line["party"]], line["at_s"], line["lasts_s"]) > 500, line["text"]
            assert loudness(sides[other], line["at_s"], line["lasts_s"]) < 20, line["text"]


def test_it_is_small_and_tells_nothing_of_the_machine_it_was_made_on(
    demo_capture: Path, datagrams: list[bytes]
) -> None:
    assert demo_capture.stat().st_size < 3_000_000
    for data in datagrams:
        if b"SIP/2.0" in data:
            assert b"/home/" not in data and b"/tmp/" not in data
            agents = [line for line in data.split(b"\r\n") if line.lower().startswith((b"user-agent:", b"server:"))]
            assert all(b" baresip v" in agent for agent in agents)
