"""The words that papers and lists of an office have for what entries say. Japanese alone: papers are."""

from __future__ import annotations

ASKS = {
    "copy": "複製の申請", "extension": "内線番号の特定", "disclosure": "開示の請求", "investigation": "捜査機関の照会",
}  # fmt: skip
OUTCOMES = {"granted": "交付", "in_part": "一部交付", "refused": "不交付", "not_stored": "不存在"}
ABSENCES = {
    "never_seen": "該当する通話なし", "not_recording": "録音していない時間", "excluded": "録音対象外",
    "unanswered": "不応答", "no_audio": "音声なし", "erased": "消去済み", "not_identified": "特定できない",
}  # fmt: skip
MEDIA = {"dvd_r": "DVD-R", "cd_r": "CD-R", "usb": "USBメモリ", "other": "その他の媒体"}
ENDINGS = {"crushed": "破砕", "erased": "消去", "returned": "返却", "other": "その他の方法"}
ABOUTS = {"recording": "録音すること", "handling": "録音の取扱い", "call": "個別の通話"}
CAME = {"phone": "電話", "letter": "文書", "counter": "窓口", "mail": "電子メール", "other": "その他"}
# Alarms in whose time calls may have gone unrecorded (housekeeping.events).
GAPS = {
    "capture_down": "録音の停止", "no_packets": "通信の写しが届かない", "interface_down": "回線の切断",
    "one_direction": "片方向のみ", "packets_dropped": "取りこぼし", "audio_shed": "音声の取りこぼし",
    "disk_full": "ディスクの満杯", "disk_read_only": "ディスクの書込み不可", "disk_stalled": "ディスクの停滞",
    "no_room": "空きの不足", "calls_without_audio": "音声のない通話",
}  # fmt: skip


def said(words: dict[str, str], given: object) -> str:
    """The word; what has none stands as it is."""
    return words.get(str(given), str(given))
