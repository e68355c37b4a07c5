"""Record demo.pcap again: two calls between real softphones, with real speech.

    sudo python3 tests/captures/record_demo.py

Needs Linux, root, and these Debian packages: baresip-core espeak-ng sox tcpdump tshark iproute2. Two network
namespaces, joined by a virtual cable, stand for the line to the outside and for the office; a baresip softphone
sits in each, and tcpdump listens on the office's end. espeak-ng says the lines below beforehand; each softphone
plays its own side's file and the pauses in which the other speaks. demo.pcap is what tcpdump wrote, not a byte of
it changed; demo.truth.json is what the script asked for, with the times that tshark reads from the capture.

Everything it starts it stops by its process id, and both namespaces go when it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMESPACES = {"outside": ("demo-outside", "192.0.2.10"), "office": ("demo-office", "192.0.2.20")}
CONTROL = """
import json, socket, sys
text = json.dumps({"command": sys.argv[1], "params": sys.argv[2]})
with socket.create_connection(("127.0.0.1", 4444), timeout=5) as s:
    s.sendall(f"{len(text)}:{text},".encode())
    s.recv(4096)
"""


@dataclass
class Line:
    """One thing that one person says."""

    party: str  # "caller" or "callee"
    text: str  # as people write it
    spoken: str = ""  # as espeak-ng reads it, where that differs: it knows no kanji
    at_s: float = 0.0  # seconds after the start of this side's file
    lasts_s: float = 0.0


@dataclass
class Conversation:
    caller: str
    callee: str
    caller_side: str  # "outside" or "office"
    hangs_up: str  # "caller" or "callee"
    rings_s: float
    voices: dict[str, list[str]]  # party -> arguments of espeak-ng
    lines: list[Line]


CONVERSATIONS = [
    Conversation(
        caller="0312345678",
        callee="0398765432",
        caller_side="outside",
        hangs_up="caller",
        rings_s=2.5,
        voices={
            "caller": ["-v", "ja+m3", "-s", "150", "-p", "35"],
            "callee": ["-v", "ja+f3", "-s", "150", "-p", "65"],
        },
        lines=[
            Line("callee", "はい、市民税課でございます。", "はい。しみんぜいか で ございます。"),
            Line("caller", "住民税の納付書が届いていません。", "じゅうみんぜい の のうふしょ が とどいて いません。"),
            Line("callee", "お名前とご住所をお願いします。", "おなまえ と ごじゅうしょ を おねがい します。"),
            Line("caller", "山田太郎です。住所は中央一丁目二番三号です。",
                 "やまだ たろう です。じゅうしょ わ ちゅうおう いっちょうめ にばん さんごう です。"),
            Line("callee", "かしこまりました。本日お送りします。", "かしこまりました。ほんじつ おおくり します。"),
            Line("caller", "ありがとうございます。失礼します。", "ありがとう ございます。しつれい します。"),
        ],
    ),
    Conversation(
        caller="0398765432",
        callee="08012345678",
        caller_side="office",
        hangs_up="callee",
        rings_s=3.5,
        voices={
            "caller": ["-v", "en-us+f2", "-s", "165", "-p", "60"],
            "callee": ["-v", "en-gb+m1", "-s", "165", "-p", "40"],
        },
        lines=[
            Line("callee", "Hello, this is John Smith."),
            Line("caller", "Good afternoon. This is the city tax section. You asked about your residence card."),
            Line("callee", "Yes, thank you for calling back. Do I have to come to the city hall?"),
            Line("caller", "No. Please send the form by post, before the end of the month."),
            Line("callee", "I will do that today. Thank you very much, and goodbye."),
            Line("caller", "Thank you. Goodbye."),
        ],
    ),
]


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def speak(conversation: Conversation, folder: Path) -> dict[str, Path]:
    """A WAV for each side (8 kHz, mono, 16 bit), speaking in turns; fills in when each line is said."""
    at = 0.8
    for number, line in enumerate(conversation.lines):
        raw, cooked = folder / f"{number}.raw.wav", folder / f"{number}.wav"
        run("espeak-ng", *conversation.voices[line.party], "-w", str(raw), line.spoken or line.text)
        edges = ["silence", "1", "0.01", "0.5%", "reverse", "silence", "1", "0.01", "0.5%", "reverse"]
        run("sox", str(raw), "-r", "8000", "-c", "1", "-b", "16", str(cooked), *edges, "norm", "-6")
        line.at_s, line.lasts_s = round(at, 2), round(float(run("soxi", "-D", str(cooked))), 2)
        at += line.lasts_s + 0.5
    sides = {}
    for party in ("caller", "callee"):
        sides[party] = folder / f"{party}.wav"
        parts: list[str] = []
        now = 0.0
        for number, line in enumerate(conversation.lines):
            if line.party == party:
                parts += [f"|sox {folder}/{number}.wav -p pad {line.at_s - now:.4f} 0"]
                now = line.at_s + line.lasts_s
        run("sox", *parts, "-r", "8000", "-b", "16", str(sides[party]), "pad", "0", "30")  # silence till the end
    return sides


def in_namespace(side: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", NAMESPACES[side][0], *command]


def control(side: str, command: str, argument: str = "") -> None:
    run(*in_namespace(side, sys.executable, "-c", CONTROL, command, argument))


def softphone(side: str, number: str, wav: Path, folder: Path) -> subprocess.Popen[bytes]:
    """A baresip that plays a file to whoever talks to it, and does what `control` tells it."""
    address = NAMESPACES[side][1]
    home = folder / f"{side}-phone"
    home.mkdir()
    (home / "config").write_text(f"""
sip_listen {address}:5060
audio_source aufile,{wav}
audio_player aufile,{home}/heard.wav
audio_buffer 20-160
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports 10000-10020
rtp_stats no
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:4444
""")
    (home / "accounts").write_text(f"<sip:{number}@{address}>;regint=0;answermode=manual;audio_codecs=PCMU/8000/1\n")
    (home / "contacts").write_text("")
    log = (home / "log").open("wb")
    return subprocess.Popen(
        in_namespace(side, "baresip", "-f", str(home)), stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )


def hold(conversation: Conversation, folder: Path) -> None:
    """One call, from dialling to hanging up."""
    folder.mkdir()
    sides = speak(conversation, folder)
    side = {"caller": conversation.caller_side}
    side["callee"] = "office" if side["caller"] == "outside" else "outside"
    numbers = {"caller": conversation.caller, "callee": conversation.callee}
    phones = [softphone(side[party], numbers[party], sides[party], folder) for party in ("callee", "caller")]
    try:
        time.sleep(1.5)
        control(side["caller"], "dial", f"sip:{conversation.callee}@{NAMESPACES[side['callee']][1]}")
        time.sleep(conversation.rings_s)
        control(side["callee"], "accept")
        last = conversation.lines[-1]
        time.sleep(last.at_s + last.lasts_s + 0.8)
        control(side[conversation.hangs_up], "hangup")
        time.sleep(1.0)
    finally:
        for phone in phones:
            phone.terminate()
            phone.wait(10)


def fields(capture: Path, what: str, *names: str) -> list[list[str]]:
    """tshark's fields of the packets that a display filter lets through."""
    chosen = [argument for name in names for argument in ("-e", name)]
    rows = run("tshark", "-n", "-r", str(capture), "-Y", what, "-T", "fields", *chosen).splitlines()
    return [row.split("\t") for row in rows]


def truth(capture: Path) -> dict[str, object]:
    """What was asked for, and when it happened."""
    sip = fields(capture, "sip", "frame.time_epoch", "sip.Call-ID", "sip.CSeq.method", "sip.Status-Code")
    calls = []
    for conversation, call_id in zip(CONVERSATIONS, dict.fromkeys(row[1] for row in sip), strict=True):
        def first(method: str, status: str, call_id: str = call_id) -> str:
            return next(at for at, known, *rest in sip if known == call_id and rest == [method, status])

        caller = NAMESPACES[conversation.caller_side][1]
        streams = []
        for party in ("caller", "callee"):
            source = "==" if party == "caller" else "!="
            during = f"frame.time_epoch >= {first('INVITE', '')} && frame.time_epoch <= {first('BYE', '200')}"
            names = ("rtp.ssrc", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "rtp.p_type", "rtp.payload")
            rows = fields(capture, f"rtp && ip.src {source} {caller} && {during}", "frame.time_epoch", *names)
            [(ssrc, src, sport, dst, dport, kind)] = {tuple(row[1:7]) for row in rows}
            streams.append({
                "party": party, "ssrc": ssrc, "source": f"{src}:{sport}", "destination": f"{dst}:{dport}",
                "payload_type": int(kind), "packets": len(rows), "payload_bytes": sum(len(row[7]) // 2 for row in rows),
                "first_packet_at": rows[0][0], "last_packet_at": rows[-1][0],
            })  # fmt: skip
        calls.append({
            "call_id": call_id, "caller": conversation.caller, "callee": conversation.callee,
            "invited_at": first("INVITE", ""), "answered_at": first("INVITE", "200"), "ended_at": first("BYE", ""),
            "hung_up_by": conversation.hangs_up, "streams": streams,
            "spoken": [
                {"party": line.party, "text": line.text, "at_s": line.at_s, "lasts_s": line.lasts_s}
                for line in conversation.lines
            ],
        })  # fmt: skip
    return {
        "file": capture.name,
        "times": "seconds since 1970, UTC; at_s: seconds after the first packet of that party's stream, about",
        "calls": calls,
    }


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("Network namespaces and tcpdump need root: sudo python3 tests/captures/record_demo.py")
    capture = HERE / "demo.pcap"
    try:
        for namespace, _ in NAMESPACES.values():
            run("ip", "netns", "add", namespace)
        cable = ("demo0", "netns", "demo-outside", "type", "veth", "peer", "demo1", "netns", "demo-office")
        run("ip", "link", "add", *cable)
        for number, (side, (_, address)) in enumerate(NAMESPACES.items()):
            link = f"demo{number}"
            for setting in (
                ("link", "set", "lo", "up"),
                ("link", "set", link, "address", f"02:00:00:00:00:{10 * (number + 1):02d}", "up"),
                ("addr", "add", f"{address}/24", "dev", link),
            ):
                run(*in_namespace(side, "ip", *setting))
        with tempfile.TemporaryDirectory() as scratch:
            written = Path(scratch, "demo.pcap")
            listen = ("tcpdump", "-i", "demo1", "-s", "0", "-U", "-B", "16384", "-Z", "root", "-w", str(written), "udp")
            listener = subprocess.Popen(in_namespace("office", *listen), stderr=subprocess.DEVNULL)
            try:
                time.sleep(1)
                for number, conversation in enumerate(CONVERSATIONS):
                    hold(conversation, Path(scratch) / str(number))
                    time.sleep(2)
            finally:
                listener.terminate()
                listener.wait(10)
            capture.write_bytes(written.read_bytes())
    finally:
        for namespace, _ in NAMESPACES.values():
            subprocess.run(["ip", "netns", "delete", namespace], check=False)
    capture.with_suffix(".truth.json").write_text(json.dumps(truth(capture), ensure_ascii=False, indent=1) + "\n")
    print(f"{capture}: {capture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
