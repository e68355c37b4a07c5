"""One's own account."""

WORDS = {
    "account.title": ("自分のアカウント", "My account"),
    "account.roles": ("任命", "Appointed as"),
    "account.whole_office": ("庁全体", "whole office"),
    "account.no_role": (
        "任命されていません。管理責任者に申し出てください。", "You have no role. Ask the manager to appoint you."
    ),
    "account.password": ("パスワードの変更", "Change password"),
    "account.password.first": (
        "最初のパスワードは、渡した人も知っています。自分だけのパスワードに変えてください。",
        "Whoever gave you your first password knows it. Choose one that you alone know.",
    ),
    "account.password.old": ("今のパスワード", "Present password"),
    "account.password.new": ("新しいパスワード（12文字以上）", "New password (12 characters or more)"),
    "account.password.again": ("新しいパスワード（もう一度）", "New password, once more"),
    "account.password.done": (
        "パスワードを変えました。新しいパスワードでログインしてください。", "Changed. Log in with the new password."
    ),
    "account.password.differ": ("2回の入力が違います。", "The two differ."),
    "account.factor": ("確認コードの設定", "Second factor"),
    "account.factor.first": (
        "録音を扱う人は全員、スマートフォンなどの認証アプリを登録します。",
        "Everybody who works with recordings registers an authenticator, such as an app of a telephone.",
    ),
    "account.factor.scan": (
        "認証アプリでこの図を読み取ってください。読み取れないときは、下の文字を入力してください。",
        "Scan this with the app, or type the letters below.",
    ),
    "account.factor.code": ("アプリに表示された6桁の数字", "The six digits that it shows"),
    "account.factor.confirm": ("登録する", "Register"),
    "account.factor.change": ("認証アプリを登録し直す", "Register another authenticator"),
    "account.recovery.title": ("回復コード", "Recovery codes"),
    "account.recovery.explain": (
        "認証アプリが使えないときに、1つにつき1回だけ使えます。今だけ表示します。印刷するか書き写して、鍵のかかる所に保管してください。",
        "Each works once, when the authenticator is lost. They are shown only now: copy them, and lock them away.",
    ),
    "account.recovery.done": ("控えました", "I have them"),
    "account.recovery.left": ("回復コードの残り：{count} 個", "Recovery codes left: {count}"),
    "account.recovery.new": ("回復コードを作り直す", "Make new recovery codes"),
    "account.recovery.new.explain": (
        "残りが少ないときや、控えをなくしたときは、作り直してください。前のコードは使えなくなります。",
        "When few are left, or the paper is lost, make new ones. Those of before count no more.",
    ),
    "account.sessions": ("ログイン中の端末", "Where you are logged in"),
    "account.sessions.since": ("ログイン", "Since"),
    "account.sessions.seen": ("最後の操作", "Last used"),
    "account.sessions.source": ("端末のアドレス", "Machine"),
    "account.sessions.this": ("この端末", "this one"),
    "account.sessions.end": ("ログアウトさせる", "Log out there"),
}
