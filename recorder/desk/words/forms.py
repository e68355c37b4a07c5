"""The office's forms."""

WORDS = {
    "forms.title": ("様式", "Forms"),
    "forms.menu": ("様式", "Forms"),
    "forms.explain": (
        "要綱等の様式と、様式の定めがない書類の用紙です。手で書くときは、空のまま印刷してください。",
        "The regulation's forms, and papers for what it has no form for. Print them blank to fill them in by hand.",
    ),
    "forms.own": ("この機関の様式", "The office's own forms"),
    "forms.general": ("共通の書類", "General papers"),
    "forms.name": ("書類の名前", "Title"),
    "forms.number": ("様式の番号", "No."),
    "forms.get": ("用紙", "Blank"),
    "forms.html": ("印刷用の画面", "Page to print"),
    "forms.pdf": ("PDFファイル", "PDF"),
    "forms.docx": ("Wordファイル", "Word file"),
    "forms.faulty": (
        "次の様式は、ファイルに誤りがあるため使えません。情報担当に伝えてください。",
        "These forms have faults in their files and aren't used. Tell the engineer.",
    ),
}
