"""Why something wasn't done."""

WORDS = {
    "refused.title": ("できませんでした", "That was not done"),
    "refused.not_logged_in": ("ログインし直してください。", "Log in again."),
    "refused.password_first": ("先にパスワードを変えてください。", "Change your password first."),
    "refused.second_factor_first": ("先に確認コードを設定してください。", "Register a second factor first."),
    "refused.prove_again": ("もう一度、確認コードを入力してください。", "Give your code once more."),
    "refused.not_allowed": ("見つかりません。", "Not found."),
    "refused.not_found": (
        "見つかりません。消去されたか、閲覧できない通話です。",
        "Not found: erased, or not yours to see.",
    ),
    "refused.not_understood": ("入力に誤りがあります。", "Something in the form isn't right."),
    "refused.not_understood.form_token": (
        "画面が古くなっています。前の画面に戻って、もう一度操作してください。",
        "The page was too old. Go back and try again.",
    ),
    "refused.not_understood.number": ("電話番号は数字で入力してください。", "Write a number with digits."),
    "refused.not_understood.day": (
        "日付を読み取れません。例：令和8年11月22日、R8.11.22",
        "No date. Example: 2026-11-22",
    ),
    "refused.not_understood.time": ("時刻を読み取れません。例：午後2時、14:30", "No time. Example: 14:30"),
    "refused.not_understood.length": ("長さを読み取れません。例：3分、1分30秒", "No length. Example: 1:30"),
    "refused.not_understood.new.too_short": ("パスワードは12文字以上にしてください。", "At least 12 characters."),
    "refused.not_understood.new.too_long": ("パスワードは256文字以内にしてください。", "At most 256 characters."),
    "refused.not_understood.new.too_easy": (
        "推測されやすいパスワードです。別のものにしてください。", "That is easily guessed. Choose another."
    ),
    "refused.not_understood.new.same": ("今のパスワードと同じです。", "That is the present one."),
    "refused.not_understood.ground": ("根拠を選んでください。", "Choose a ground."),
    "refused.not_understood.until": ("期日は今日より後にしてください。", "The day must not have passed."),
    "refused.not_understood.login": (
        "利用者IDは半角の英小文字で始め、英小文字・数字・「.」「_」「-」を使ってください（2～32文字）。",
        "A user name begins with a small letter; small letters, digits, . _ - (2 to 32).",
    ),
    "refused.not_understood.ends_on": (
        "有効期限は今日から{detail}日以内にしてください。", "The account must end within {detail} days."
    ),
    "refused.not_understood.section": ("その課は選べません。", "That section can't be chosen."),
    "refused.not_understood.account.oneself": (
        "自分自身を任命・解任することはできません。", "Nobody appoints or dismisses himself."
    ),
    "refused.not_understood.call": ("通話の番号は英数字とハイフンです。", "A call's id has letters, digits, hyphens."),
    "refused.not_now.register": (
        "管理簿を読めません。保守担当に連絡してください（recorder verify）。",
        "The register can't be read. Call maintenance (recorder verify).",
    ),
    "refused.not_understood.calls": (
        "通話の番号「{detail}」が見つかりません。通話の画面で確かめてください。", "There is no call {detail}."
    ),
    "refused.not_understood.document_on": ("指示日は今日までの日にしてください。", "The date must not be to come."),
    "refused.not_understood.until_days": (
        "期限は今日から{detail}日以内にしてください。", "The last day must be within {detail} days."
    ),
    "refused.not_understood.numbers": (
        "番号は数字と X で書いてください。例：2101、21XX", "Numbers have digits and X, as in 21XX."
    ),
    "refused.not_understood.extensions": (
        "内線は数字と X で書いてください。例：2101、21XX", "Extensions have digits and X, as in 21XX."
    ),
    "refused.not_understood.name": ("課の名前を書いてください（64文字以内）。", "Name the section (64 characters)."),
    "refused.not_understood.reason": ("理由を書いてください（400文字以内）。", "Say why (400 characters)."),
    "refused.not_understood.since_until": ("終わりの日が始まりの日より前です。", "It ends before it begins."),
    "refused.not_understood.file": (
        "ファイルが大きすぎます（{detail}MB以内）。", "The file is too large: {detail} MB at most."
    ),
    "refused.not_understood.prompt_audio": (
        "WAVファイルを選ぶか、前に使った案内を選んでください。", "Choose a WAV file, or a notice that there was."
    ),
    "refused.not_understood.prompt_text": ("案内の文を書いてください。", "Write what the notice says."),
    "refused.not_understood.prompt_format": (
        "読み取れない音声ファイルです。WAV（PCM、8kHz以上、モノラル又はステレオ）で保存し直してください。",
        "That isn't a WAV that can be read. Save it as WAV: PCM, 8 kHz or more, mono or stereo.",
    ),
    "refused.not_understood.prompt_large": (
        "ファイルが大きすぎます（{detail}MB以内）。", "The file is too large: {detail} MB at most."
    ),
    "refused.not_understood.prompt_short": (
        "案内が短すぎます（{detail}秒）。音のある部分が1秒以上必要です。",
        "The notice is too short ({detail} s): it needs 1 s of sound.",
    ),
    "refused.not_understood.prompt_long": (
        "案内が長すぎます（{detail}秒）。音のある部分を30秒以内、全体を60秒以内にしてください。",
        "The notice is too long ({detail} s): 30 s of sound, and 60 s in all, are the most.",
    ),
    "refused.not_understood.prompt_quiet": (
        "音が小さすぎるか、無音です。もっと大きな音で録音し直してください。",
        "It is too quiet, or silent. Record it louder.",
    ),
    "refused.not_understood.prompt_clipped": (
        "音が大きすぎて割れています。音量を下げて録音し直してください。",
        "It is cut off: too loud. Record it at a lower level.",
    ),
    "refused.not_understood.prompts_together": (
        "録音の中で探す案内を、全部合わせて60秒以内にしてください。保守担当に連絡してください（{detail}）。",
        "The notices that are looked for in calls don't go together: {detail}",
    ),
    "refused.conflict.prompt_lost": (
        "案内のファイル（{detail}）がないか、提案した時のものではありません。提案し直してください。",
        "The notice's file ({detail}) isn't there as it was proposed. Propose it once more.",
    ),
    "refused.not_now.prompt": (
        "案内のファイルを読めません。保守担当に連絡してください（{detail}）。",
        "The notice's file can't be read. Call maintenance ({detail}).",
    ),
    "refused.not_now.prompt_folder": (
        "案内のファイルを保存できません（{detail}）。保守担当に連絡してください。",
        "The notice's file can't be kept ({detail}). Call maintenance.",
    ),
    "refused.not_understood.same": ("今の設定と同じです。", "That is as it is now."),
    "refused.not_understood.count": (
        "日数・月数・年数は、1以上の数で書いてください。", "Write how many, as a number of 1 or more."
    ),
    "refused.not_understood.office": ("規程のひな型を選んでください。", "Choose a regulation."),
    "refused.not_understood.settings": (
        "他の設定と合わないため、変えられません（{detail}）。", "That doesn't go with other settings ({detail})."
    ),
    "refused.not_understood.second_person": (
        "提案者とは別の、承認できる人が承認します（管理責任者。管理責任者の提案は代理者）。",
        "Another person has to approve: a manager, or the deputy for what a manager proposed.",
    ),
    "refused.not_understood.asks": ("何を申請するかを選んでください。", "Choose what you ask for."),
    "refused.not_understood.item_day": (
        "通話した日は、今日までの日を書いてください。例：11月22日、R8.11.22",
        "Write a day that has come, as in 2026-11-22.",
    ),
    "refused.not_understood.applicant": ("申請者の職・機関名又は氏名を書いてください。", "Say who applies."),
    "refused.not_understood.purpose": ("利用目的を選ぶか、書いてください。", "Say what for."),
    "refused.not_understood.choice": ("利用目的を選んでください。", "Choose a purpose."),
    "refused.not_understood.received_on": (
        "受け付けた日は、紙で受け付けた申請だけに、今日までの日を書いてください。", "Only of a paper, and not to come."
    ),
    "refused.not_understood.application_on": ("文書の日付は今日までの日にしてください。", "It must not be to come."),
    "refused.not_understood.reply_on": ("回答の日付は今日までの日にしてください。", "It must not be to come."),
    "refused.not_understood.document": ("文書番号を書いてください。", "Write the document's number."),
    "refused.not_understood.outcome": ("決定の内容を選んでください。", "Choose an outcome."),
    "refused.not_understood.granted_calls": ("提供する通話を選んでください。", "Choose the calls that are granted."),
    "refused.not_understood.recording": ("選んだ通話には録音がありません。", "One of them has no recording."),
    "refused.not_understood.outgoing": (
        "内線を特定できるのは、市側から発信した通話だけです。", "That is for calls which the office made."
    ),
    "refused.not_understood.absences": (
        "録音がない理由を、通話ごとに選んでください。確かめられる理由だけを選べます。",
        "Choose why each isn't there, among the reasons that can be proven.",
    ),
    "refused.not_understood.means": ("確認した書類を選んでください。", "Choose what was seen."),
    "refused.not_understood.agent": (
        "代理人の氏名と、代理権を確かめた書類を書いてください。", "Name the agent, and what shows that he may."
    ),
    "refused.not_understood.is_not_of_letter": (
        "照会書に書かれた番号にかけても、確認したことになりません。自分で調べた番号にかけてください。",
        "Call a number that isn't from the letter itself.",
    ),
    "refused.conflict.document": (
        "その文書番号は、今年度すでに使われています。", "That number was given this fiscal year."
    ),
    "refused.forbidden_by_rule.ground_act": (
        "この根拠（{detail}）では、この申請を認めることができません。", "That ground ({detail}) doesn't allow this."
    ),
    "refused.forbidden_by_rule.identity": (
        "本人確認を記録するまで、提供を決定できません（{detail}）。", "Nothing is disclosed before a check ({detail})."
    ),
    "refused.forbidden_by_rule.call_back": (
        "照会元への確認（折り返し電話）を記録するまで、提供を決定できません。", "Call the agency back first."
    ),
    "refused.forbidden_by_rule.in_writing": (
        "文書による求めが必要です（{detail}）。照会書の文書番号を記録してください。",
        "The number of the letter is needed ({detail}).",
    ),
    "refused.forbidden_by_rule.own_application": (
        "自分の申請は、他の管理責任者又は代理者が決定します。", "Another manager, or the deputy, decides over your own."
    ),
    "refused.not_now.paper": (
        "申請の書類（No.{detail}）が、記録した時のものと違います。保守担当に連絡してください。",
        "The paper of entry {detail} isn't as it was kept. Call maintenance.",
    ),
    "refused.conflict.proposal": (
        "同じ項目の変更が承認待ちです。先に承認又は取下げをしてください。",
        "A change of the same waits for approval. Approve or withdraw it first.",
    ),
    "refused.conflict.settings": (
        "提案の後に、保守担当が同じ設定を変えました。取り下げて、提案し直してください。",
        "The engineer changed the same since. Withdraw it, and propose again.",
    ),
    "refused.conflict.settings_kept": (
        "この装置では、操作卓から設定を変えられません。保守担当に連絡してください。",
        "The desk changes no settings here. Call maintenance.",
    ),
    "refused.not_now.settings": (
        "承認は管理簿に記入しましたが、設定ファイルに書けません（{detail}）。"
        "保守担当に連絡してください（recorder-door の再起動で反映されます）。",
        "It is approved, but the file can't be written ({detail}). Call maintenance: restart recorder-door.",
    ),
    "refused.wrong": ("利用者ID、パスワード又は確認コードが違います。", "User name, password or code is wrong."),
    "refused.wrong.old": ("今のパスワードが違います。", "The present password is wrong."),
    "refused.wrong.code": ("確認コードが違います。", "The code is wrong."),
    "refused.wait": ("{detail}秒ほど待ってから、もう一度お試しください。", "Wait {detail} seconds, and try again."),
    "refused.conflict": (
        "すでに行われています。画面を開き直してください。",
        "That was done already. Open the page again.",
    ),
    "refused.conflict.login": (
        "その利用者IDは使われています（過去に使われたものも使えません）。", "That user name is, or was, somebody's."
    ),
    "refused.conflict.role": ("すでに任命されています。", "He has that role already."),
    "refused.forbidden_by_rule": (
        "この庁の規程（{detail}）により、録音をその場で聴くことはできません。複製（出力データ）によってください。",
        "The regulation ({detail}) doesn't allow listening here: only to a copy.",
    ),
    "refused.ground_needed": (
        "聴く根拠と事由が必要です（{detail}）。",
        "A ground and its cause are needed ({detail}).",
    ),
    "refused.ground_needed.ground": ("聴く根拠を選んでください（{detail}）。", "Choose a ground ({detail})."),
    "refused.ground_needed.cause": ("聴く事由を書いてください。", "Say why."),
    "refused.sealed": ("封印された録音で、開けません。", "The recording is sealed."),
    "refused.sealed.no_key": (
        "封印された録音です。この操作卓には開く鍵がないため、ここでは聴けません。鍵を保管している人に複製を依頼してください。",
        "The recording is sealed, and this desk has no key. Ask whoever keeps a key for a copy.",
    ),
    "refused.sealed.other_key": (
        "封印された録音です。この操作卓の鍵では開けません。保守担当に連絡してください（recorder key rewrap）。",
        "The recording is sealed, and not for this desk's key. Call maintenance (recorder key rewrap).",
    ),
    "refused.sealed.altered": (
        "封印された録音が、録音した時のままではないため、再生しません。保守担当に連絡してください（recorder verify）。",
        "The sealed recording isn't as it was sealed, so it isn't played. Call maintenance (recorder verify).",
    ),
    "refused.no_register": (
        "通話記録管理簿に書けないため、操作を中止しました。録音は続いています。保守担当に連絡してください。",
        "The register can't be written, so nothing was done. Recording goes on. Call maintenance.",
    ),
    "refused.wrong.openid": (
        "庁内のアカウントではログインできませんでした。もう一度お試しください。続くときは、この装置の管理責任者にお知らせください。",
        "The office's account didn't let you in. Try again; if it goes on, tell the manager of this recorder.",
    ),
    "refused.not_now.directory": (
        "庁内の認証サーバーが応答しません。しばらく待ってからもう一度お試しください。続くときは情報システム担当にお知らせください。",
        "The office's directory doesn't answer. Wait a little and try again; if it goes on, tell who looks after it.",
    ),
    "refused.conflict.directory": (
        "パスワードは庁内の認証サーバーで管理しています。ここでは変更できません。",
        "Your password is kept by the office's directory. It can't be changed here.",
    ),
    "refused.not_now": (
        "録音装置の内部サービスに接続できません。録音は続いています。しばらくしてからお試しください。",
        "The recorder's inner service doesn't answer. Recording goes on. Try again in a while.",
    ),
}
