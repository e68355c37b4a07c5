"""An office's telephony on loopback: kamailio as its registrar, baresip as somebody's telephone."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from tests.packages import require
from tests.recorder.announcement.peers import HOST, free_port

_BARESIP = """sip_listen {host}:{port}
module_path {modules}
module g711.so
module aufile.so
module sndfile.so
module account.so
module_app menu.so
audio_player aufile,{folder}/played.wav
audio_source aufile,{folder}/silence.wav
audio_alert aufile,{folder}/alert.wav
snd_path {folder}
rtp_ports {rtp}-{rtp_last}
jitter_buffer_type off
jitter_buffer_delay 0-0
"""
_MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")


class Registrar:
    """kamailio with the accounts of kamailio.cfg. It can be stopped and started again, and has forgotten all then."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "kamailio.log"
        text = Path(__file__).with_name("kamailio.cfg").read_text().replace("@PORT@", str(self.port))
        self._config = folder / "kamailio.cfg"
        self._config.write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [require("kamailio"), "-f", str(self._config), "-DD", "-E", "-m", "32", "-M", "4"],
                stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@contextlib.contextmanager
def registrar(folder: Path) -> Iterator[Registrar]:
    """A registrar that runs."""
    one = Registrar(folder)
    one.start()
    try:
        yield one
    finally:
        one.stop()


def calls_and_hears(folder: Path, exchange: str, *, number: str = "8000", seconds: int = 8) -> np.ndarray:
    """baresip calls the number through the exchange; what it decoded, as 16-bit samples; none if nothing came."""
    folder.mkdir()
    modules = next((path for path in _MODULES if Path(path).is_dir()), _MODULES[0])
    port, rtp = free_port(), free_port()
    soundfile.write(folder / "silence.wav", np.zeros(8000 * 30, np.int16), 8000)
    (folder / "config").write_text(
        _BARESIP.format(host=HOST, port=port, modules=modules, folder=folder, rtp=rtp, rtp_last=rtp + 20)
    )
    (folder / "accounts").write_text(f"<sip:0236411212@{exchange}>;regint=0;audio_codecs=PCMU\n")
    (folder / "contacts").touch()
    with (folder / "baresip.log").open("wb") as log:
        process = subprocess.Popen(
            [require("baresip"), "-f", str(folder), "-e", f"/dial sip:{number}@{exchange}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        until = time.monotonic() + seconds
        while time.monotonic() < until and b"terminated" not in (folder / "baresip.log").read_bytes():
            time.sleep(0.05)
        process.terminate()
        process.wait(10)
    dumps = list(folder.glob("dump-*-dec.wav"))
    return soundfile.read(dumps[0], dtype="int16")[0] if dumps else np.zeros(0, np.int16)
