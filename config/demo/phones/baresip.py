"""A baresip softphone that answers whoever calls it, plays its file, and calls others from time to time."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from schedule import arguments, keep_calling

CONTROL = ("127.0.0.1", 4444)
MODULES = "/usr/lib/baresip/modules"


def control(command: str, parameter: str = "") -> None:
    """Tell the running baresip something, as a netstring of JSON (its module ctrl_tcp)."""
    text = json.dumps({"command": command, "params": parameter})
    with socket.create_connection(CONTROL, timeout=5) as connection:
        connection.sendall(f"{len(text)}:{text},".encode())
        connection.recv(4096)


def main() -> None:
    options = arguments("A baresip softphone for the demo.")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "config").write_text(f"""
sip_listen {options.address}:5060
audio_source aufile,{options.speech}
audio_player aufile,{home}/heard.wav
audio_buffer 20-160
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports 10000-10100
rtp_stats no
statmode_default off
module_path {MODULES}
module g711.so
module aufile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {CONTROL[0]}:{CONTROL[1]}
""")
        account = f"<sip:{options.number}@{options.exchange}>;auth_pass=none;regint=60;answermode=auto"
        (home / "accounts").write_text(f"{account};audio_codecs=PCMU/8000/1\n")
        (home / "contacts").write_text("")
        phone = subprocess.Popen(["baresip", "-f", str(home)], stdin=subprocess.DEVNULL)
        try:
            time.sleep(1)
            keep_calling(
                options, lambda number: control("dial", f"sip:{number}@{options.exchange}"), lambda: control("hangup")
            )
        finally:
            phone.terminate()
            phone.wait()


if __name__ == "__main__":
    main()
