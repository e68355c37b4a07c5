"""What the catalogue says in words of its own, in Japanese for papers."""

from __future__ import annotations

from recorder.numbers.grouping import grouped
from storage.records import CallRecord

DIRECTIONS = {"inbound": "着信（外線から）", "outbound": "発信（外線へ）", "internal": "内線", "unknown": "不明"}
END_REASONS = {
    "bye": "切断",
    "silence": "切断の信号なし（音声が途絶えた時刻）",
    "capture_end": "取り込みの終わり",
    "interrupted": "録音装置の停止",
    "cancelled": "応答前に発信者が切断",
    "busy": "話中",
    "declined": "着信拒否",
    "failed": "接続失敗",
    "timeout": "応答なし",
}
FLAGS = {
    "one_way": "片側の音声だけが届いた",
    "withheld": "番号非通知",
    "payphone": "公衆電話",
    "unavailable": "番号の通知なし（表示圏外）",
    "encrypted": "暗号化された音声（録音なし）",
    "unsupported_codec": "対応しない符号化の音声があった",
    "signalling_missing": "通話の始まりの信号を見ていない",
    "packets_lost_in_capture": "取り込みの際に失われたパケットがある",
    "transferred": "転送された",
    "held": "保留があった",
    "conference": "3者以上の通話",
    "announced": "録音の案内が流れた",
    "not_announced": "録音の案内が聞こえなかった",
    "second_source": "別の送信元からの音声があった（録音していない）",
    "recovered": "録音装置の再起動の際に仕上げた",
    "disk_error": "ディスクの障害があった",
    "disk_full": "ディスクの空きがなかった",
    "disk_stalled": "ディスクの応答が遅れた",
    "recording_stopped": "規則により途中で録音を止めた",
    "over_capacity": "処理の限界を超えた",
    "clock_stepped": "通話中に時計が修正された",
    "synthetic": "試験用に作った通話",
    "packets_missing": "録音のもとになったパケットは保存されていない",
}
_NO_NUMBER = {"withheld": "非通知", "payphone": "公衆電話", "unavailable": "表示圏外"}


def caller(call: CallRecord) -> str:
    """The caller's number with hyphens, or why there is none."""
    if call.caller is not None:
        return grouped(call.caller)
    return next((word for flag, word in _NO_NUMBER.items() if flag in call.flags), "記録なし")


def callee(call: CallRecord) -> str:
    return "記録なし" if call.callee is None else grouped(call.callee)


def flags(call: CallRecord) -> str:
    """All flags in words, each with its name in the catalogue."""
    return "\n".join(f"{FLAGS.get(flag, '')} [{flag}]".strip() for flag in call.flags) or "なし"


def length(seconds: float) -> str:
    """As in 1時間2分3.4秒."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths / 10:.1f}秒"
    return f"{hours}時間{minutes}分{rest}" if hours else f"{minutes}分{rest}" if minutes else rest


def size(count: int) -> str:
    return f"{count:,} バイト"


def in_fours(hexadecimal: str) -> str:
    """A digest in groups of four, so that two can be compared by eye."""
    return " ".join(hexadecimal[at : at + 4] for at in range(0, len(hexadecimal), 4))
