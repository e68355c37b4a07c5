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
    "listen.player": ("再生", "Player"),
    "listen.place": ("再生する位置", "Where it plays"),
    "listen.back": ("{seconds}秒戻る", "Back {seconds} s"),
    "listen.forward": ("{seconds}秒進む", "On {seconds} s"),
    "listen.speed": ("速さ", "Speed"),
    "listen.speed.times": ("{times} 倍", "{times} times"),
    "listen.clock": ("時刻", "Time of day"),
    "listen.jump": ("この時刻へ移る", "Go there"),
    "listen.outside": ("この録音は {from} から {until} までです。", "The recording is from {from} to {until}."),
    "listen.volume": ("音量：{side}", "Volume: {side}"),
    "listen.skip": ("無音を飛ばす", "Skip silences"),
    "listen.silences": ("（{count} か所、合計 {seconds} 秒）", "({count}, {seconds} s in all)"),
    "listen.silences.none": ("（なし）", "(none)"),
    "listen.loop": ("くり返し", "Repeat"),
    "listen.loop.from": ("ここからくり返す", "Repeat from here (A)"),
    "listen.loop.until": ("ここまでくり返す", "Repeat to here (B)"),
    "listen.loop.end": ("くり返しをやめる", "Stop repeating"),
    "listen.loop.none": ("くり返し：なし", "Nothing is repeated"),
    "listen.loop.from.set": ("くり返し：{from} から", "Repeat from {from}"),
    "listen.loop.both": ("くり返し：{from} ～ {until}", "Repeat {from} to {until}"),
    "listen.loop.order": (
        "くり返しの終わりは、始まりより後にしてください。", "The end has to come after the beginning."
    ),
    "listen.gap": ("この間は音声が届いていません：{side}", "No audio arrived here: {side}"),
    "listen.gaps": ("斜線の所は音声が届いていません（{count} か所）", "Hatched: no audio arrived ({count})"),
    "listen.gap.length": ("{seconds} 秒間", "{seconds} s"),
    "listen.keys": (
        "キー操作：スペース＝再生・一時停止、←→＝5秒、Shift+←→＝30秒、Home＝先頭。"
        "再生の部分を選んでいるとき：J・L＝10秒、K＝再生・一時停止、A・B＝くり返しの始まりと終わり",
        "Keys: space plays and pauses, arrows 5 s, with shift 30 s, Home to the beginning. "
        "With the focus in the player: J and L 10 s, K plays and pauses, A and B repeat from and to",
    ),
    "listen.ending": (
        "あと2分以内に、聴ける時間が終わります。", "Within two minutes the time for listening is over."
    ),
    "listen.extend": ("時間を延ばす（管理簿に残ります）", "Go on listening (it is entered in the register)"),
    "listen.extended": ("時間を延ばしました。", "You may go on listening."),
    "listen.extend.not": (
        "時間を延ばせませんでした。聴き終わってから、もう一度開いてください。", "That failed. Open it again afterwards."
    ),
    "listen.close": ("聴き終わった", "Done"),
    "listen.over": (
        "聴ける時間が終わりました。必要なときは、もう一度開いてください。",
        "Time is over. Open it again if need be.",
    ),
    "listen.failed": (
        "再生できません。画面を開き直してください。続くときは保守担当に連絡してください。",
        "It can't be played. Open the page again; if that doesn't help, call maintenance.",
    ),
    "listen.no_script": ("この画面にはスクリプトの許可が必要です。", "This page needs script."),
}
