"""Capture from network interfaces, into the same columns as a capture file: see `capture.wire.wire`."""

from __future__ import annotations

from capture.wire.errors import WireError
from capture.wire.interface import State
from capture.wire.port import Change, Loss
from capture.wire.ring import RingSettings
from capture.wire.wire import InterfaceStats, Wire

__all__ = ["Change", "InterfaceStats", "Loss", "RingSettings", "State", "Wire", "WireError"]
