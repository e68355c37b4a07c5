"""Written instructions to the contractor."""

WORDS = {
    "instructions.title": ("受託者への指示書", "Instructions to the contractor"),
    "instructions.menu": ("指示書", "Instructions"),
    "instructions.explain": (
        "受託者は、有効な指示書にある通話だけを、期限まで見ることができます。",
        "The contractor sees the calls that an instruction in force names, and no others.",
    ),
    "instructions.none": ("有効な指示書はありません。", "There is no instruction in force."),
    "instructions.document": ("指示書の番号", "Number of the document"),
    "instructions.document.hint": ("例：広第123号", "As on the paper"),
    "instructions.day": ("指示日", "Date of it"),
    "instructions.text": ("指示の内容", "What is to be done"),
    "instructions.calls": ("対象の通話", "Calls"),
    "instructions.calls.ids": ("対象の通話の番号（1行に1件）", "Ids of the calls, one a line"),
    "instructions.calls.hint": (
        "通話の画面にある「受託者に指示する」から開くと、番号が入ります。",
        "Opened from a call's page, its id is filled in.",
    ),
    "instructions.calls.gone": ("消去済み", "Erased"),
    "instructions.until": ("期限（この日まで）", "Last day"),
    "instructions.until.hint": ("例：令和8年12月31日、R8.12.31", "As in 2026-12-31"),
    "instructions.give": ("指示する", "Instruct"),
    "instructions.give.title": ("新しい指示書", "A new instruction"),
    "instructions.by": ("指示した人", "By"),
    "instructions.state": ("状態", "State"),
    "instructions.state.in_force": ("有効", "In force"),
    "instructions.state.over": ("期限切れ", "Over"),
    "instructions.state.ended": ("取消し", "Ended"),
    "instructions.end": ("取り消す", "End it"),
    "instructions.end.explain": (
        "取り消すと、受託者は直ちにこれらの通話を見られなくなります。",
        "The contractor is shut out of these calls at once.",
    ),
    "instructions.given": ("指示しました。", "Done."),
    "instructions.for_call": ("受託者に指示する", "Instruct the contractor"),
}
