"""Listening."""

WORDS = {
    "listen.title": ("録音を聴く", "Listen"),
    "listen.open": ("この録音を聴く", "Listen to this recording"),
    "listen.logged": (
        "聴くと、だれが・いつ・何のために聴いたかが通話記録管理簿に残ります。",
        "Who listens, when and why goes into the register.",
    ),
    "listen.forbidden": (
        "規程（{article}）により、録音をその場で聴くことはできません。複製（出力データ）を作成して聴いてください。",
        "The regulation ({article}) doesn't allow listening here. Have a copy made, and listen to that.",
    ),
    "listen.ground": ("根拠", "Ground"),
    "listen.cause": ("事由（具体的に）", "Cause"),
    "listen.purpose": ("利用目的", "Purpose"),
    "listen.until": ("{when} まで聴けます", "Open until {when}"),
    "listen.side.caller": ("発信者の声", "Caller"),
    "listen.side.callee": ("着信側の声", "Called party"),
    "listen.side.citizen": ("相手（庁外）の声", "Other party"),
    "listen.side.office": ("職員（庁内）の声", "The office"),
    "listen.play": ("再生", "Play"),
    "listen.pause": ("一時停止", "Pause"),
    "listen.back": ("5秒戻る", "Back 5 s"),
    "listen.forward": ("5秒進む", "On 5 s"),
    "listen.speed": ("速さ", "Speed"),
    "listen.clock": ("時刻", "Time of day"),
    "listen.jump": ("この時刻へ", "Go there"),
    "listen.volume": ("音量", "Volume"),
    "listen.gap": ("この間は音声が届いていません", "No audio arrived here"),
    "listen.gaps": ("斜線の所は音声が届いていません（{count} か所）", "Hatched: no audio arrived ({count})"),
    "listen.keys": (
        "キー操作：スペース＝再生・一時停止、←→＝5秒、Shift+←→＝30秒、Home＝先頭",
        "Keys: space plays and pauses, arrows 5 s, with shift 30 s, Home to the beginning",
    ),
    "listen.close": ("聴き終わった", "Done"),
    "listen.over": (
        "聴ける時間が終わりました。必要なときは、もう一度開いてください。",
        "Time is over. Open it again if need be.",
    ),
    "listen.no_script": ("この画面にはスクリプトの許可が必要です。", "This page needs script."),
}
