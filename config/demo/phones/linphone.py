"""A linphone that answers whoever calls it, plays its file, and calls others from time to time."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from schedule import arguments, keep_calling


def play_in_each_call(events: IO[str], commands: IO[str], speech: Path) -> None:
    """Start the file when a call's audio has begun; linphone plays it to whom it talks to."""
    for line in events:
        if line.strip() == "Event: LinphoneCallStreamsRunning":
            commands.write(f"incall-player-start {speech}\n")


def main() -> None:
    options = arguments("A linphone (linphone-daemon, which needs no screen) for the demo.")
    with tempfile.TemporaryDirectory() as name:
        Path(name, ".local/share/linphone").mkdir(parents=True)  # its database; it doesn't make the folder itself
        settings = Path(name, "linphonerc")
        settings.write_text(f"""
[sip]
sip_port=5060
default_proxy=0
supported=replaces
[proxy_0]
reg_proxy=<sip:{options.exchange}>
reg_identity=sip:{options.number}@{options.exchange}
reg_expires=60
reg_sendregister=1
[sound]
echocancellation=0
""")
        phone = subprocess.Popen(
            ["linphone-daemon", "--config", str(settings), "--auto-answer", "--log", "/dev/null"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env={**os.environ, "HOME": name},
        )  # fmt: skip
        assert phone.stdin is not None and phone.stdout is not None
        commands = phone.stdin
        player = threading.Thread(target=play_in_each_call, args=(phone.stdout, commands, options.speech), daemon=True)
        player.start()
        try:
            time.sleep(1)
            commands.write("audio-codec-disable ALL\naudio-codec-enable PCMU/8000/1\n")
            keep_calling(
                options,
                lambda number: commands.write(f"call sip:{number}@{options.exchange}\n"),
                lambda: commands.write("terminate\n"),
            )
        finally:
            commands.write("terminate\nquit\n")
            phone.wait()


if __name__ == "__main__":
    main()
