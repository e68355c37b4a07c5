"""Holds."""

WORDS = {
    "holds.title": ("保全している録音", "Holds"),
    "holds.menu": ("保全", "Holds"),
    "holds.explain": (
        "保全した録音は、保存期間が過ぎても、容量が足りなくなっても消去されません。",
        "What is held isn't erased, whatever the rule.",
    ),
    "holds.none": ("保全している録音はありません。", "Nothing is held."),
    "holds.name": ("番号", "No."),
    "holds.what": ("対象", "What"),
    "holds.ground": ("根拠", "Ground"),
    "holds.until": ("期日", "Until"),
    "holds.until.release": ("解除するまで", "until released"),
    "holds.by": ("保全した人", "By"),
    "holds.provisional": ("仮の保全", "Provisional"),
    "holds.provisional.explain": (
        "根拠が未記入です。{when} までに記入しないと、保全は終わります。", "Without a ground by {when} it ends."
    ),
    "holds.several": ("複数の通話", "Several calls"),
    "hold.urgent": ("今すぐ残す", "Keep this now"),
    "hold.urgent.explain": (
        "まず残します。根拠は{days}日以内に記入してください。",
        "It is kept at once. Give the ground within {days} days.",
    ),
    "hold.reason": ("理由（短くてよい）", "Why, in short"),
    "hold.with_ground": ("根拠を選んで残す", "Keep on a ground"),
    "hold.ground": ("根拠", "Ground"),
    "hold.until": ("期日（空欄は解除するまで）", "Last day (empty: until released)"),
    "hold.place": ("残す", "Keep"),
    "hold.confirm": ("根拠を記入する", "Give the ground"),
    "hold.release": ("解除する", "Release"),
    "hold.release.explain": (
        "解除すると、保存期間が過ぎた録音は次の消去処理で消えます。",
        "Once released, a recording whose period is over goes with the next sweep.",
    ),
    "hold.placed": ("保全しました：{name}", "Held: {name}"),
    "hold.released": ("解除しました。", "Released."),
}
