"""A pyVoIP softphone that answers whoever calls it, plays its file, and calls others from time to time.

When it calls, its ACK has a tag of nobody, so the other telephone goes on sending its answer. Calls do well all the
same, and a recorder meets worse.
"""

from __future__ import annotations

import time
import wave
from pathlib import Path

from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone
from schedule import arguments, keep_calling


def samples_of(speech: Path) -> bytes:
    """A WAV's 16-bit samples as pyVoIP wants them: 8 bits, unsigned, zero at 128."""
    with wave.open(str(speech)) as file:
        frames = file.readframes(file.getnframes())
    return bytes((high + 128) % 256 for high in frames[1::2])


class Phone:
    """A telephone with one call at a time."""

    def __init__(self, number: str, address: str, exchange: str, speech: bytes) -> None:
        self._speech = speech
        self._call: VoIPCall | None = None
        self._phone = VoIPPhone(
            exchange, 5060, number, "none", myIP=address, callCallback=self._answer, rtpPortLow=10000, rtpPortHigh=10100
        )

    def start(self) -> None:
        self._phone.start()

    def stop(self) -> None:
        self._phone.stop()

    def _answer(self, call: VoIPCall) -> None:
        call.answer()
        call.write_audio(self._speech)
        while call.state == CallState.ANSWERED:
            time.sleep(0.1)

    def dial(self, number: str) -> None:
        """Call somebody, and speak once it was answered; gives up after 3 s."""
        self._call = self._phone.call(number)
        for _ in range(60):
            if self._call.state == CallState.ANSWERED:
                self._call.write_audio(self._speech)
                return
            time.sleep(0.05)

    def hang_up(self) -> None:
        if self._call is not None and self._call.state == CallState.ANSWERED:
            self._call.hangup()


def main() -> None:
    options = arguments("A pyVoIP softphone for the demo.")
    phone = Phone(options.number, options.address, options.exchange, samples_of(options.speech))
    phone.start()
    try:
        keep_calling(options, phone.dial, phone.hang_up)
    finally:
        phone.stop()


if __name__ == "__main__":
    main()
