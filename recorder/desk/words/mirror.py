"""The mirror port, for the engineer."""

WORDS = {
    "mirror.title": ("電話回線の写し（ミラーポート）", "Mirror port"),
    "mirror.menu": ("回線の写し", "Mirror"),
    "mirror.explain": (
        "録音装置が実際に受け取ったものから判定しています。電話番号は表示しません。"
        "フレーム、SIP、取りこぼし、断片の件数は、録音処理の起動からの数です。",
        "Judged by what the recorder received. No numbers are shown. Frames, messages, losses and fragments are "
        "counted since the recorder started.",
    ),
    "mirror.hours": ("期間", "Look back"),
    "mirror.hours.1": ("直近1時間", "the last hour"),
    "mirror.hours.24": ("直近24時間", "the last 24 hours"),
    "mirror.hours.168": ("直近7日", "the last 7 days"),
    "mirror.hours.720": ("直近30日", "the last 30 days"),
    "mirror.look": ("見る", "Show"),
    "mirror.calls": ("対象の通話 {count} 件", "{count} calls looked at"),
    "mirror.calls.cut": (
        "対象の通話 {count} 件（期間中の新しい方から）", "{count} calls looked at: the newest of that time"
    ),
    "mirror.report": ("検収報告書を開く（印刷用）", "Acceptance report (Japanese, to print)"),
    "mirror.vlans": (
        "VLANは、装置の画面で recorder doctor を実行すると確かめられます（--report で検収報告書のPDFも作れます）。",
        "VLANs are seen by recorder doctor on the machine (--report writes the report as PDF).",
    ),
    "mirror.checks": ("確認項目", "Points"),
    "mirror.point": ("項目", "Point"),
    "mirror.result": ("結果", "Result"),
    "mirror.facts": ("確認した事実", "What was seen"),
    "mirror.findings": ("指摘と処置", "Findings"),
    "mirror.findings.none": ("指摘はありません。", "None."),
    "mirror.now": ("現在の動き", "Now"),
    "mirror.now.none": (
        "録音処理が動いていないか、情報を出していません。", "The recorder isn't at work, or publishes no figures."
    ),
    "mirror.since": ("起動", "Running since"),
    "mirror.interface": ("入力", "Interface"),
    "mirror.state": ("状態", "State"),
    "mirror.frames": ("フレーム", "Frames"),
    "mirror.dropped": ("取りこぼし", "Dropped"),
    "mirror.last": ("最後のフレーム", "Last frame"),
    "mirror.state.up": ("正常", "up"),
    "mirror.state.no_carrier": ("ケーブルなし", "no carrier"),
    "mirror.state.down": ("停止", "down"),
    "mirror.state.gone": ("なし", "gone"),
    "mirror.going_on": ("通話中", "Calls going on"),
    "mirror.going_on.count": (
        "{count} 件（応答済み {talking}、片方の音声のみ {one_sided}、無音 {unheard}）",
        "{count} ({talking} answered, {one_sided} one-sided, {unheard} unheard)",
    ),
    "mirror.entered": ("起動後の通話", "Calls since then"),
    "mirror.entered.count": ("{count} 件（録音 {recordings} 件）", "{count} ({recordings} recorded)"),
    "mirror.waiting": ("ディスク待ちの音声", "Audio waiting for the disk"),
    "mirror.shed": ("あふれて失われた音声", "Audio shed"),
    "mirror.counts": ("理由別の件数（技術者用）", "Counts by reason"),
    "check.passed": ("適", "Passed"),
    "check.doubtful": ("注意", "Doubtful"),
    "check.failed": ("否", "Failed"),
    "check.open": ("未確認", "Open"),
    "severity.fault": ("異常", "Fault"),
    "severity.note": ("参考", "Note"),
}
