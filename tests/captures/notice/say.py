"""Say the prompts of this folder again: what an office might play to callers.

    python3 tests/captures/notice/say.py

Needs these Debian packages: espeak-ng sox. Each file is 8 kHz, mono, 16 bits; its voice is espeak-ng's, so nobody's.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
JAPANESE = ("-v", "ja+f3", "-s", "150", "-p", "60")
ENGLISH = ("-v", "en-gb+m1", "-s", "160", "-p", "45")


@dataclass(frozen=True)
class Prompt:
    name: str
    voice: tuple[str, ...]
    text: str
    spoken: str = ""  # as espeak-ng reads it, where that differs: it knows no kanji


PROMPTS = [
    Prompt(
        "recorded-ja",
        JAPANESE,
        "お電話ありがとうございます。この通話は、正確を期すため録音しております。ご了承ください。",
        "おでんわ ありがとう ございます。この つうわ わ、せいかく を きす ため ろくおん して おります。"
        "ごりょうしょう ください。",
    ),
    Prompt("recorded-en", ENGLISH, "Please note that this call is being recorded. Our staff will be with you shortly."),
    # The same voices with other words; the first also begins with the same sentence.
    Prompt(
        "busy-ja",
        JAPANESE,
        "お電話ありがとうございます。ただいま電話がたいへん混み合っております。このままお待ちください。",
        "おでんわ ありがとう ございます。ただいま でんわ が たいへん こみあって おります。このまま おまち ください。",
    ),
    Prompt(
        "closed-ja",
        JAPANESE,
        "本日の受付は終了いたしました。平日の八時半から五時十五分までにおかけ直しください。",
        "ほんじつ の うけつけ わ しゅうりょう いたしました。"
        "へいじつ の はちじはん から ごじ じゅうごふん まで に おかけなおし ください。",
    ),
    Prompt("closed-en", ENGLISH, "Our office is closed today. Please call again tomorrow, between nine and five."),
]


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        raw = str(Path(scratch, "raw.wav"))
        for prompt in PROMPTS:
            run("espeak-ng", *prompt.voice, "-w", raw, prompt.spoken or prompt.text)
            to = str(HERE / f"{prompt.name}.flac")
            run("sox", "-R", raw, "-r", "8000", "-c", "1", "-b", "16", to, "norm", "-6", "pad", "0.2", "0.3")


if __name__ == "__main__":
    main()
