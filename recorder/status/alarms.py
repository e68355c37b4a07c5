"""The code book of alarms: what each means, and what to do. One place for every screen, message and manual.

A code never changes its meaning, and is never used for another. Texts have values in braces, which the alarm brings;
what each language says differently has that language's name behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Language = Literal["ja", "en"]


class Code(StrEnum):
    """What can be amiss."""

    NO_POLICY = "no_policy"
    NO_RULE = "no_rule"
    HOLDS_FILL = "holds_fill"
    MINIMUM_IN_DANGER = "minimum_in_danger"
    ROOM_RUNS_OUT = "room_runs_out"
    NO_ROOM = "no_room"
    DISK_NEARLY_FULL = "disk_nearly_full"
    CLOCK_NOT_PLAUSIBLE = "clock_not_plausible"
    SWEEP_OVERDUE = "sweep_overdue"
    SECOND_STORE_MISSING = "second_store_missing"
    CATALOGUE_REBUILT = "catalogue_rebuilt"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is amiss now."""

    code: Code
    values: dict[str, str | int] = field(default_factory=dict)

    def meaning(self, language: Language) -> str:
        """What it means, in a sentence."""
        return _MEANING[self.code][language].format(**self.values)

    def remedy(self, language: Language) -> str:
        """What to do."""
        return _REMEDY[self.code][language].format(**self.values)


_MEANING: dict[Code, dict[Language, str]] = {
    Code.NO_POLICY: {
        "ja": "保存期間の規則が定められていません。録音は消去されず、保存領域はいずれ満杯になります。",
        "en": "No rule of retention is in force: nothing is ever erased, and the disk will fill.",
    },
    Code.NO_RULE: {
        "ja": "どの規則にも当たらない録音が {count} 件あり、消去されません。",
        "en": "No rule is for {count} recordings: they are never erased.",
    },
    Code.HOLDS_FILL: {
        "ja": "延長（保全）している録音が保存領域の {share} を占めています。設定の上限は {allowed} です。",
        "en": "Recordings that are held fill {share} of the ring; {allowed} is set as the most.",
    },
    Code.MINIMUM_IN_DANGER: {
        "ja": "最低保存期間（{rule_ja}）を守れるだけの余裕が、あと {days} 日分しかありません。",
        "en": "Room for the minimum ({rule_en}) is down to {days} days more than it needs.",
    },
    Code.ROOM_RUNS_OUT: {
        "ja": "今の通話量では、{when_ja}に保存領域が足りなくなります。期間内の録音と延長中の録音は消去できません。",
        "en": "At this traffic, room runs out on {when_en}: what is left then is held, or its period runs.",
    },
    Code.NO_ROOM: {
        "ja": "保存領域の上限を {short} 超えています。消去できる録音は残っていません。",
        "en": "The ring is exceeded by {short}, and nothing that is left may go.",
    },
    Code.DISK_NEARLY_FULL: {
        "ja": "ディスクの空きが {free}（{share}）しかありません。満杯になると新しい通話を録音できません。",
        "en": "Only {free} ({share}) of the disk are free. Once it is full, no new call can be recorded.",
    },
    Code.CLOCK_NOT_PLAUSIBLE: {
        "ja": "時計が正しくないおそれがあります。今は {now_ja}、最も新しい録音は {newest_ja} です。"
        "その間、自動の消去は行われません。",
        "en": "The clock may be wrong: it says {now_en}, and the newest recording is of {newest_en}. "
        "As long as it does, nothing is erased by itself.",
    },
    Code.SWEEP_OVERDUE: {
        "ja": "保存期間を過ぎた通話が {count} 件、消去されずにあります。最も古いものは {since_ja} までの保存でした。",
        "en": "{count} calls are past their time and not erased; the oldest was to be kept through {since_en}.",
    },
    Code.SECOND_STORE_MISSING: {
        "ja": "第二の保存先（{path_ja}）がありません。移すべき録音は元の場所に残ります。",
        "en": "The second store ({path_en}) isn't there: what should move to it stays where it is.",
    },
    Code.CATALOGUE_REBUILT: {
        "ja": "目録が壊れたため、{when_ja} に録音ファイルから作り直されました。元のものは {file} にあります。",
        "en": "The catalogue was damaged, and made anew from the recordings on {when_en}. The old one is {file}.",
    },
}
_REMEDY: dict[Code, dict[Language, str]] = {
    Code.NO_POLICY: {
        "ja": "規則を選んで適用してください（一覧は recorder policy offices）: "
        "recorder policy adopt --store {store} 名前 --old-recordings follow --reason 理由",
        "en": "Adopt one of recorder policy offices: "
        "recorder policy adopt --store {store} NAME --old-recordings follow --reason TEXT",
    },
    Code.NO_RULE: {
        "ja": "設定の [[policy.rules]] に、その課・内線・回線の規則か、すべてに当たる規則を加えてください。",
        "en": "Add a rule for these sections, extensions or lines, or one for all others, to [[policy.rules]].",
    },
    Code.HOLDS_FILL: {
        "ja": "不要になった延長を終えるか、ディスクを増やしてください: recorder holds --store {store}",
        "en": "End holds that aren't needed any more, or add disk: recorder holds --store {store}",
    },
    Code.MINIMUM_IN_DANGER: {
        "ja": "ディスクを増やすか、[ring] の上限を上げるか、不要な延長を終えてください。",
        "en": "Add disk, raise the limit in [ring], or end holds that aren't needed.",
    },
    Code.ROOM_RUNS_OUT: {
        "ja": "その日までに、ディスクを増やすか、[ring] の上限を上げるか、不要な延長を終えてください。",
        "en": "Before that day add disk, raise the limit in [ring], or end holds that aren't needed.",
    },
    Code.NO_ROOM: {
        "ja": "すぐにディスクを増やすか、不要な延長を終えてください。",
        "en": "Add disk now, or end holds that aren't needed.",
    },
    Code.DISK_NEARLY_FULL: {
        "ja": "録音以外のファイルを移し、[ring] の上限を確かめてください。",
        "en": "Move away what isn't recordings, and look at the limit in [ring].",
    },
    Code.CLOCK_NOT_PLAUSIBLE: {
        "ja": "時刻同期（NTP）を確かめてください。時計が正しければ: recorder sweep --store {store} --confirm-clock",
        "en": "See that the time is synchronised. If it is right: recorder sweep --store {store} --confirm-clock",
    },
    Code.SWEEP_OVERDUE: {
        "ja": "消去を実行し、自動の消去が動いているか確かめてください: recorder sweep --store {store}",
        "en": "Run it, and see why it didn't run by itself: recorder sweep --store {store}",
    },
    Code.SECOND_STORE_MISSING: {
        "ja": "媒体をつなぎ、設定の [ring] second_store を確かめてください。",
        "en": "Connect the medium, and look at second_store in [ring].",
    },
    Code.CATALOGUE_REBUILT: {
        "ja": "録音がすべて揃っているか確かめ（recorder verify --store {store}）、ディスクを調べてください。"
        "この警報は、{file} をほかへ移すと消えます。",
        "en": "See that everything is there (recorder verify --store {store}), and look after the disk. "
        "The alarm ends when {file} is moved elsewhere.",
    },
}
