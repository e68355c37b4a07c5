"""People."""

WORDS = {
    "people.title": ("取り扱う人", "People"),
    "people.menu": ("人", "People"),
    "people.login": ("利用者ID", "User name"),
    "people.name": ("氏名", "Name"),
    "people.post": ("所属・職", "Post"),
    "people.ends_on": ("有効期限", "Account ends"),
    "people.roles": ("任命", "Appointed as"),
    "people.state": ("状態", "State"),
    "people.state.open": ("有効", "Open"),
    "people.state.closed": ("廃止", "Closed"),
    "people.state.ended": ("期限切れ", "Ended"),
    "people.state.setting_up": ("初回ログイン待ち", "Not logged in yet"),
    "people.add": ("人を加える", "Add somebody"),
    "people.add.explain": (
        "最初のパスワードが一度だけ表示されます。本人に手渡してください。",
        "A first password is shown once, to be handed to him.",
    ),
    "people.role": ("役割", "Role"),
    "people.section": ("対象", "For"),
    "people.whole_office": ("庁全体", "Whole office"),
    "people.reason": ("解任の理由（異動など）", "Why (moved, ...)"),
    "people.appoint": ("任命する", "Appoint"),
    "people.dismiss": ("解任する", "Dismiss"),
    "people.close": ("アカウントを廃止する", "Close the account"),
    "people.close.explain": (
        "すべての任命が解かれ、直ちに使えなくなります。利用者IDは他の人には使われません。",
        "All roles end and he is shut out at once. Nobody else ever gets the user name.",
    ),
    "people.reset": ("パスワードと確認コードをやり直す", "Reset password and second factor"),
    "people.reset.explain": (
        "本人が端末とパスワードをなくしたときだけ行います。", "Only for somebody who lost both."
    ),
    "people.by_directory": (
        "パスワードは庁内の認証サーバーのものを使います。最初のログインで、確認コードのアプリを登録します。",
        "The password is the one of the office's directory. The second factor is registered at the first login.",
    ),
    "people.added": ("手続きが終わりました", "Done"),
    "people.first_password": ("最初のパスワード", "First password"),
    "people.first_password.explain": (
        "今だけ表示します。紙に書いて本人に手渡してください。本人が最初のログインで変えます。",
        "Shown only now. Hand it to him on paper; he changes it at his first login.",
    ),
    "people.change": ("氏名・所属・期限を直す", "Change name, post, end"),
    "people.away": ("管理責任者の不在", "Manager away"),
    "people.away.now": ("不在です。代理者が代わって行います。", "Away: the deputy acts."),
    "people.away.not": ("在席です。", "Here."),
    "people.away.set": ("不在にする", "Away from now on"),
    "people.away.unset": ("戻った", "Back"),
    "people.since": ("{when} から", "since {when}"),
}
