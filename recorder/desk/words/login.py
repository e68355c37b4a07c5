"""Logging in."""

WORDS = {
    "login.title": ("ログイン", "Log in"),
    "login.login": ("利用者ID", "User name"),
    "login.password": ("パスワード", "Password"),
    "login.go": ("ログイン", "Log in"),
    "login.code.title": ("確認コードの入力", "Second factor"),
    "login.code.explain": (
        "スマートフォンの認証アプリに表示されている6桁の数字を入力してください。端末をなくしたときは、控えてある回復コードを入力してください。",
        "Give the six digits that your telephone shows. If you lost it, give one of your recovery codes.",
    ),
    "login.code": ("確認コード", "Code"),
    "login.out": ("ログアウトしました。", "You are logged out."),
    "login.out.idle": (
        "操作がない時間が続いたため、自動的にログアウトしました。", "You were logged out: nothing was done for a while."
    ),
    "login.openid": ("庁内のアカウントでログイン", "Log in with the office's account"),
    "login.openid.known": (
        "庁内のアカウントを確認しました。次に、確認コードのアプリを登録します。",
        "The office's account is known. Next, the second factor is registered.",
    ),
    "login.nobody": (
        "利用者が登録されていません。録音装置の画面（コンソール）で recorder first-manager を実行してください。",
        "There is nobody yet. Run on the recorder's console: recorder first-manager",
    ),
    "prove.title": ("もう一度、確認コードを入力してください", "Give your code once more"),
    "prove.explain": (
        "人の任命や設定の変更など、大切な操作の前には、5分ごとに確認コードをお聞きします。",
        "Before acts such as appointing people, the code is asked for again every five minutes.",
    ),
    "prove.go": ("続ける", "Go on"),
}
