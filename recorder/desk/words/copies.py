"""Copies, from making one to its end."""

WORDS = {
    "copies.title": ("複製", "Copies"),
    "copies.menu": ("複製", "Copies"),
    "copies.one.title": ("複製 No.{number}", "Copy No. {number}"),
    "copies.none": ("複製はありません。", "There are no copies."),
    "copies.out": ("提供中 {count} 件", "{count} are out"),
    "copies.overdue": ("期限切れ {count} 件", "{count} overdue"),
    "copies.more": ("古いものは表示していません。", "Older ones aren't shown."),
    "copies.number": ("複製番号", "No."),
    "copies.basis": ("申請・指示", "For"),
    "copies.of_application": ("申請 No.{number}", "Application No. {number}"),
    "copies.of_instruction": ("指示 No.{number}", "Instruction No. {number}"),
    "copies.made": ("作成日", "Made"),
    "copies.medium": ("媒体", "Medium"),
    "copies.to": ("提供先", "Given to"),
    "copies.until": ("保存期限", "Until"),
    "copies.state": ("状態", "State"),
    "copies.open": ("開く", "Open"),
    "copies.code": ("照合番号", "Code"),
    "copies.code.explain": ("ラベルの番号と比べてください", "Compare it with the label's"),
    "copies.calls": ("通話", "Calls"),
    "copies.calls.gone": ("消去済み、又は閲覧できない通話", "Erased, or not yours to see"),
    "copies.sha256": ("録音の照合値（SHA-256）", "SHA-256 of the recording"),
    "copies.by": ("作成した人", "By"),
    "copies.conditions": ("提供先に守らせること", "What the recipient has to observe"),
    "copies.steps": ("経過", "What was done"),
    "copy.state.made": ("未提供", "Not handed over"),
    "copy.state.out": ("提供中", "Out"),
    "copy.state.overdue": ("期限切れ", "Overdue"),
    "copy.state.ended": ("廃棄・返却済み", "Gone"),
    "medium.dvd_r": ("DVD-R", "DVD-R"),
    "medium.cd_r": ("CD-R", "CD-R"),
    "medium.usb": ("USBメモリ", "USB memory"),
    "medium.other": ("その他の媒体", "Another medium"),
    "packing.folder": (
        "フォルダ（暗号化しない。展開して媒体に写す）", "A folder, not encrypted: unpack it onto the medium"
    ),
    "packing.zip": (
        "暗号化したZIP（パスワード付き。USBメモリ・送付向け）", "An encrypted ZIP with a password, for USB or post"
    ),
    "packing.iso": ("ISOイメージ（DVD-R・CD-R に書き込む）", "An ISO image, to be burned on a disc"),
    "packing.folder.short": ("フォルダ", "folder"),
    "packing.zip.short": ("暗号化ZIP", "encrypted ZIP"),
    "packing.iso.short": ("ISOイメージ", "ISO image"),
    "ending.crushed": ("破砕した", "Crushed"),
    "ending.erased": ("復元できない方法で消去した", "Erased beyond recovery"),
    "ending.returned": ("返却された", "Returned"),
    "ending.other": ("その他", "Otherwise"),
    # making one
    "copies.make.title": ("複製を作る", "Make a copy"),
    "copies.make": ("複製を作る", "Make the copy"),
    "copies.make.explain": (
        "録音は保存されたままの状態で複製されます。作ったことは管理簿に記録されます。",
        "Recordings are copied as they are kept; that you did is entered.",
    ),
    "copies.make.packing": ("形式", "As"),
    "copies.make.medium": ("媒体", "Medium"),
    "copies.ready.title": ("複製を取り出す", "Take the copy"),
    "copies.ready": (
        "複製 No.{number} を作りました。30分以内に取り出して、媒体に書き込んでください。",
        "Copy No. {number} is made. Take it within 30 minutes, and put it on its medium.",
    ),
    "copies.ready.file": ("{file} を取り出す", "Take {file}"),
    "copies.ready.size": ("大きさ {size}", "{size}"),
    "copies.password": ("パスワード（今だけ表示します）", "Password, shown only now"),
    "copies.password.explain": (
        "紙に控え、媒体とは別に渡してください。どこにも保存していません。"
        "開くには7-Zipなど、AES-256のZIPを開けるソフトが必要です。",
        "Write it down, and give it apart from the medium. It is kept nowhere. Opening it takes 7-Zip or the like.",
    ),
    "copies.label": ("ラベルを印刷する", "Print the label"),
    "copies.then": (
        "次に：書き込んだ媒体にラベルを付け、提供したら、この複製の画面で記録してください。",
        "Then: label the medium; when you hand it over, enter it on the copy's page.",
    ),
    "copies.go": ("複製の画面へ", "To the copy"),
    # handing over
    "copies.provide.title": ("提供する", "Hand over"),
    "copies.provide.to": ("提供先（職・機関名）", "To whom (a post, an authority)"),
    "copies.provide.to.hint": ("例：税務課長、○○警察署", "No citizen's name"),
    "copies.provide.how": ("渡し方", "How"),
    "copies.provide.recipient": ("受け取った人の氏名", "Taken by"),
    "copies.provide.document": ("文書番号（捜査機関へは必須）", "Number of the letter (needed for police)"),
    "copies.provide.are_accepted": ("上の事項を守ることを確かめた", "The recipient accepts what he has to observe"),
    "copies.provide.remarks": ("備考", "Remarks"),
    "copies.provide": ("提供を記録する", "Enter it"),
    "copies.how.by_hand": ("手渡し", "By hand"),
    "copies.how.post": ("郵送", "By post"),
    "copies.how.other": ("その他", "Otherwise"),
    "copies.submit.title": ("運用責任者に提出する", "Submit it"),
    "copies.submit.explain": (
        "先に、下の「書面」から提出書を印刷してください。"
        "媒体とともに提出したら記録します。この指示は終わり、対象の通話は見られなくなります。",
        "Print the submission first (under Papers), and enter it when you hand both in. "
        "The instruction ends, and you no longer see its calls.",
    ),
    "copies.submit": ("提出を記録する", "Enter it"),
    # after that
    "copies.remind.title": ("所在を確かめる（督促）", "Ask after it"),
    "copies.remind.how": ("方法", "How"),
    "copies.remind.how.hint": ("例：文書、電話", "As in: letter, telephone"),
    "copies.remind": ("督促を記録する", "Enter it"),
    "copies.reminded": ("督促 {count} 回", "Asked {count} times"),
    "copies.extend.title": ("保存期限を延ばす", "Keep it longer"),
    "copies.extend.ground": ("根拠", "Ground"),
    "copies.extend.until": ("新しい期限（この日まで）", "New last day"),
    "copies.extend": ("延長を記録する", "Enter it"),
    "copies.end.title": ("廃棄・返却を記録する", "Destroyed, or returned"),
    "copies.end.how": ("方法", "How"),
    "copies.end.on": ("廃棄・返却の日", "Day"),
    "copies.end.reported_by": ("報告した人（職）", "Reported by (a post)"),
    "copies.end.witness": ("立会人", "Witness"),
    "copies.end.remarks": ("備考", "Remarks"),
    "copies.end": ("記録する", "Enter it"),
    "copies.end.explain": (
        "媒体は、破砕するなど、通話を復元できない方法で廃棄してください。複製の複製も同じです。",
        "Destroy the medium so that nothing can be restored, and copies of it likewise.",
    ),
    "copies.papers": ("書面", "Papers"),
    "copies.print.label": ("ラベル", "Label"),
    "copies.print.receipt": ("受領書", "Receipt"),
    "copies.print.reminder": ("督促の文書", "Reminder"),
    "copies.print.destruction": ("廃棄報告書", "Report of destruction"),
    "copies.print.delivery": ("提出書", "Submission"),
    "copies.print.docx": ("Word", "Word"),
    "kind.copy_reminded": ("複製の督促", "Asked after a copy"),
    "kind.copy_extended": ("複製の保存期間の延長", "Copy kept longer"),
    "kind.copy_ended": ("複製の廃棄・返却", "Copy destroyed or returned"),
    "said.copy": ("複製番号", "Copy"),
    "said.to": ("提供先", "To"),
    "said.conditions": ("提供先が守る条項", "Conditions"),
    "said.reported_by": ("報告した人", "Reported by"),
    "copies.entry": ("記録の番号", "Entry"),
    "copies.said": ("内容", "What it says"),
    "copies.done": ("記録しました。", "Done."),
    "refused.conflict.copy_basis": (
        "回答を作ってから、複製を作ってください。終わった申請では作れません。",
        "Reply first. Nothing is copied for a case that is over.",
    ),
    "refused.forbidden_by_rule.copy_granted": (
        "提供すると決定した通話だけを複製できます。", "Only calls that were granted can be copied."
    ),
    "refused.not_understood.copy_calls": (
        "録音のない通話があります（{detail}）。決定をやり直してください。", "A call has no recording ({detail})."
    ),
    "refused.not_understood.copy_too_large": (
        "{detail}MBを超えるため、ISOイメージにできません。フォルダを選んでください。",
        "Over {detail} MB: choose a folder.",
    ),
    "refused.not_now.copy": (
        "録音を読めないか、登録された時のものではないため、複製しません。保守担当に連絡してください（{detail}）。",
        "A recording can't be read, or isn't what was entered: nothing is copied. Call maintenance ({detail}).",
    ),
    "refused.not_understood.are_accepted": (
        "提供先が守ることを確かめてから、印を付けてください。", "The recipient has to accept the conditions."
    ),
    "refused.not_understood.provision_document": (
        "捜査機関への提供には、文書番号が必要です。", "Police need the number of their letter."
    ),
    "refused.not_understood.ended_on": (
        "廃棄・返却の日は、複製を作った日から今日までの日にしてください。", "The day lies between its making and today."
    ),
}
