"""The forms of the offices' regulations, field by field."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date

import pytest

from recorder.forms import Call, Facts, as_docx, as_html, as_pdf, blank, fill, load_forms
from recorder.paper.document import Grid
from recorder.policy import offices
from tests.recorder.forms.reading import (
    CALL,
    FACTS,
    docx_says,
    html_says,
    pdf_says,
    ringed,
    said_by,
    squeezed,
)

OF_REGULATIONS = [(office, form.name) for office in offices.names() for form in offices.load(office).forms]
# What each form says from top to bottom, blank: as the regulations print them.
SEEDS = {
    ("yamagata", "request"): (
        "別記様式（第9条関係）", "年", "月", "日", "通話録音データ提供依頼書", "（宛先）管理責任者",
        "資産マネジメント課長", "課（室）長",
        "下記の通話記録の内容を確認したいので、通話録音データの複製物の提供を依頼します。", "記",
        "通話日時", "年", "月", "日", "時", "分頃", "通話時間", "約", "分", "相手先電話番号", "通話内線番号",
        "利用目的", "・第9条第1項第1号に基づくもの", "・第9条第1項第2号に基づくもの", "・第9条第1項第5号に基づくもの",
        "※該当するものに〇を付けること。", "備考",
    ),
    ("kumamoto", "application"): (
        "様式第1号（第6条関係）", "発第", "号", "年", "月", "日", "管財課長様", "課長", "（申請課（室）の長）",
        "電話録音データ取出し申請書", "下記のとおり申請しますので、対応をお願いします。", "記",
        "電話録音データの内容", "日付", "令和", "年（20", "年）", "月", "日", "時間", "時", "分", "通話時間", "約",
        "分",
        "相手方電話番号", "（", "）", "－", "市側電話番号", "（本庁舎の場合は5桁）",
        "利用目的（最も近いもの1つに〇付け）", "1クレーム、カスハラ対応", "2対応内容確認", "3外部機関対応",
        "4その他（", "）",
        "※データ受領後は、総合文書管理システム上に保存し、公文書として適正に取り扱います。", "申請担当者", "局", "課",
    ),
    ("kumamoto", "reply"): (
        "様式第2号（第6条関係）", "管財発第", "号", "年", "月", "日", "課長様", "（申請課（室）の長）", "管財課長",
        "電話録音データ取出し回答書", "令和", "年（20", "年）", "月", "日付", "発第",
        "号で申請のあったことについて、下記のとおり回答します。", "記", "1音声データの有無", "有・無",
        "2音声データ概要",
        "電話録音データの概要", "日付", "令和", "年（20", "時間", "通話時間", "約", "分", "相手方電話番号",
        "市側電話番号",
        "以上", "問合せ先", "総務局管財課",
    ),
    ("saitama", "delivery"): (
        "様式第2号（第5条関係）", "年", "月", "日", "運用責任者（広聴課長）様", "運営受託者", "出力データ提出書",
        "年", "月",
        "日付けで指示のあった件について、さいたまコールセンター通話録音装置等の運用に関する取扱要領第5条第2項の規定に基づき、"
        "次のとおり提出します。",
        "1通話日時", "年", "月", "日（", "）", "時", "分頃から", "年", "月", "日（", "）", "時", "分頃まで",
        "2市役所側電話番号", "3通話相手方電話番号",
    ),
}  # fmt: skip
TWO_LINES = {
    "電話録音データの内容": ("電話録音データの", "内容"), "電話録音データの概要": ("電話録音データの", "概要"),
    "利用目的（最も近いもの1つに〇付け）": ("利用目的", "〇付け"),
}  # fmt: skip


def half(text: str) -> str:
    return unicodedata.normalize("NFKC", squeezed(text))


def in_order(parts: tuple[str, ...], text: str) -> str:
    """The first part that isn't there behind the one before it; "" if all are."""
    at = 0
    for part in parts:
        found = half(text).find(half(part), at)
        if found < 0:
            return part
        at = found + len(half(part))
    return ""


@pytest.mark.parametrize("seed", SEEDS, ids="-".join)
def test_the_blank_form_says_what_the_regulation_prints_from_top_to_bottom(seed, tmp_path):
    office, name = seed
    paper = blank(load_forms(office)[name])

    texts = (
        said_by(paper), html_says(as_html(paper)), docx_says(as_docx(paper)),
    )  # fmt: skip

    assert [in_order(SEEDS[seed], text) for text in texts] == [""] * 3
    printed = half(pdf_says(as_pdf(paper), tmp_path))
    # A label of two lines has others beside them: its lines stand there, each by itself.
    parts = [line for part in SEEDS[seed] for line in TWO_LINES.get(part, tuple(part.split("、")))]
    assert [part for part in parts if half(part) not in printed] == []


@pytest.mark.parametrize("office, name", OF_REGULATIONS)
def test_each_form_of_a_regulation_has_a_layout_with_its_title_fields_and_choices_in_order(office, name):
    [stated] = [form for form in offices.load(office).forms if form.name == name]
    form = load_forms(office)[name]

    said = said_by(blank(form))

    assert (form.title, form.layout.number, form.is_own) == (stated.title, stated.number, True)
    assert in_order((stated.title, *stated.fields), said) == ""
    assert in_order(stated.choices, said) == ""


def test_matsumoto_s_register_has_copy_provision_and_disposal_as_its_article_10_says():
    form = load_forms("matsumoto").of("register")

    said = said_by(blank(form))

    assert form.is_own and in_order(("通話記録管理簿", "複製", "提供", "廃棄", "その他必要な事項"), said) == ""
    assert blank(form).is_landscape


def test_saitama_s_instruction_has_what_its_article_5_needs():
    """Who instructs whom, which output data, on which medium; and that nothing else may be done (article 3(6))."""
    paper = fill(load_forms("saitama")["instruction"], FACTS)

    said = said_by(paper)

    assert in_order((
        "様式第1号（第5条関係）", "税発第12号", "令和8年11月22日", "運営受託者", "丸丸株式会社",
        "運用責任者（広聴課長）", "通話出力データ作成指示書",
        "第5条第1項の規定に基づき", "令和8年11月20日（金）", "14時05分", "27012", "096-328-2111", "事実の確認",
        "音声データ1部", "DVD-R",
        "令和8年11月30日", "第4条第3項", "第3条第6項",
    ), said) == ""  # fmt: skip
    assert ringed(paper) == ["DVD-R"]


def test_kumamoto_s_form_filled_in():
    paper = fill(load_forms("kumamoto")["application"], FACTS)

    said = squeezed(said_by(paper))

    for words in (
        "税発第12号", "税務課長", "令和8年（2026年）11月20日", "14時05分", "約3分", "（096）328-2111", "27012",
        "財政局税務課", "鈴木花子",
    ):
        assert words in said, words
    assert ringed(paper) == ["2"]


def test_yamagata_writes_its_figures_in_full_width_and_has_a_ring_at_the_ground():
    paper = fill(load_forms("yamagata")["request"], FACTS)

    said = said_by(paper)

    assert "令和８年１１月２０日　１４時０５分頃" in said and "０９６－３２８－２１１１" in said
    [grid] = [block for block in paper.blocks if isinstance(block, Grid)]
    ground = grid.rows[4][1].spans
    [at] = [at for at, span in enumerate(ground) if span.is_ringed]
    assert ground[at].text == "・" and ground[at + 1].text == "　第９条第１項第２号に基づくもの"


@pytest.mark.parametrize("outcome, stored, has", [
    ("granted", True, ""), ("refused", True, "複製データは交付しません"),
    ("not_stored", False, "複製データは交付しません"),
    ("in_part", True, "一部を交付します"),
])  # fmt: skip
def test_kumamoto_s_reply_says_whether_the_copy_is_given_and_why_not(outcome, stored, has):
    """Article 6(2): the same form refuses; a granted one has nothing that the regulation doesn't print."""
    why = ("令和8年2月1日に消去",) if has else ()
    facts = replace(FACTS, outcome=outcome, is_stored=stored, reason="", absences=why)

    paper = fill(load_forms("kumamoto")["reply"], facts)

    assert ringed(paper) == ["有" if stored else "無"]
    assert has in said_by(paper) and ("交付" in said_by(paper)) == bool(has)
    assert ("令和8年2月1日に消去" in said_by(paper)) == bool(has)


def test_several_calls_stand_one_below_the_other():
    calls = (CALL, replace(CALL, number="0236411212"), Call(day=date(2026, 11, 21)))

    for office, name in (("yamagata", "request"), ("kumamoto", "application"), ("saitama", "delivery")):
        said = half(said_by(fill(load_forms(office)[name], replace(FACTS, calls=calls))))
        assert in_order(("328-2111", "641-1212", "11月21日"), said) == "", office


def test_an_office_without_forms_of_its_own_has_general_ones_in_its_own_words():
    """Shinagawa: 複製データ is 破棄 there; Yamagata's 複製物 is 廃棄."""
    shinagawa, yamagata = load_forms("shinagawa"), load_forms("yamagata")

    assert {one.kind for one in shinagawa.values()} == {
        "application", "reply", "receipt", "reminder", "destruction", "identity", "investigation", "register",
    }  # fmt: skip
    assert shinagawa["destruction"].title == "複製データの破棄報告書"
    assert "下記の複製データを破棄したので" in said_by(blank(shinagawa["destruction"]))
    assert yamagata["destruction"].title == "複製物の廃棄報告書"
    assert yamagata.of("application").name == "request" and yamagata.of("reply").name == "reply"


def test_a_receipt_has_the_regulation_s_conditions_on_whoever_is_given_a_copy():
    matsumoto = said_by(fill(load_forms("matsumoto")["receipt"], FACTS))
    yamagata = said_by(fill(load_forms("yamagata")["receipt"], FACTS))

    assert in_order((
        "通話記録を無断で複製しないこと。（第8条第2項第1号）",
        "第三者への無断提供を行わないこと。（第8条第2項第2号）", "（第8条第2項第3号）",
    ), matsumoto) == ""  # fmt: skip
    assert "速やかに廃棄する。（第9条第4項）" in yamagata


def test_police_s_letter_is_called_back_at_a_number_that_is_not_the_letter_s():
    said = said_by(fill(load_forms("yamagata")["investigation"], FACTS))

    parts = ("県警察本部", "刑捜第123号", "かけた番号", "023-626-0110", "照会書にある番号は用いない")
    assert in_order(parts, said) == ""


def test_every_form_of_every_office_is_made_blank_and_filled():
    made = 0
    for office in ("", *offices.names()):
        forms = load_forms(office)
        assert forms.faults == ()
        for form in forms.values():
            for paper in (blank(form), fill(form, FACTS)):
                assert html_says(as_html(paper)) and said_by(paper)
                made += 1
            assert "{" not in said_by(blank(form)) + form.title
    assert made > 2 * 17 * 7


def test_blank_is_what_nothing_known_gives():
    form = load_forms("kumamoto")["reply"]

    assert blank(form) == fill(form, Facts()) and ringed(blank(form)) == []
