"""表紙: the first sheet of an evidence package, and the custody list (受渡しの記録) beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.contract_form import rfc3339
from recorder.dates import at, japanese_day
from recorder.evidence import names, words
from recorder.evidence.sealed_checks import command
from recorder.evidence.value import Custody, Evidence, File, Proven, Sealed
from recorder.paper.document import Block, Document, Fields, Heading, Paragraph, Signatures, Table
from storage.records import CallRecord, RecordingRecord
from storage.register import Entry
from storage.wav import RATE_HZ

EVENTS = {
    "start": "開始", "stop": "停止", "clock_step": "時計の修正", "gap": "取り込みの欠落", "begun": "管理簿の開始",
    "cut": "管理簿の途切れ", "lost": "管理簿の損傷", "mended": "管理簿の修復",
}  # fmt: skip
MOST_GAPS = 20  # on paper; facts.json has them all
_PARTIES = ("発信者側（左）", "着信者側（右）")
_HANDOVERS = 5  # empty lines for a pen


def cover(of: Evidence, files: Sequence[File], manifest_sha256: str) -> Document:
    """The cover sheet. It says nothing of when and by whom this copy was made: custody does."""
    call = of.call
    return Document(
        title="通話録音データ　証拠一式　表紙",
        subtitle=of.office,
        number=f"通話番号　{call.id}",
        foot=f"{of.software}　／　通話番号 {call.id}　／　目録のSHA-256 {manifest_sha256[:16]}…",
        made_at=at(call.ended_ns),
        blocks=(
            Heading("1　通話"),
            Fields(tuple(_call(call))),
            *_recording(call.recording),
            *_sealed(call, of.sealed),
            Heading("3　通話記録管理簿の登録"),
            *_register(of.proven),
            Heading("4　録音装置"),
            Fields(tuple(_unit(of))),
            Heading("5　ファイルの一覧（目録 manifest.json）"),
            Table(
                ("ファイル", "大きさ", "SHA-256"),
                tuple((one.name, words.size(one.size), words.in_fours(one.sha256)) for one in files),
                (24, 20, 56),
            ),
            Fields((("目録のSHA-256", words.in_fours(manifest_sha256)),)),
            Heading("6　確かめ方"),
            Paragraph(
                "verify.html をパソコンのブラウザー（Microsoft Edge など）で開き、この一式のファイルをすべて選びます。"
                "ネットワークは使いません。どのファイルのどこが変わったか、何が証明され、何が証明されないかが示されます。"
                "録音装置のプログラムがあれば、recorder verify --package でも確かめられます。"
            ),
            Paragraph(
                "証明されること：音声と通話の記録が、通話の終了時に管理簿に登録されたものと同じであること。"
                "その登録が、上の時刻に署名された管理簿に含まれていること。\n"
                "証明されないこと：話した人が誰であるか。発信者番号を名乗った電話が本人のものであること。"
                "録音装置より前の区間で信号が作られていないこと。",
                small=True,
            ),
        ),
    )


def _call(call: CallRecord) -> Iterator[tuple[str, str]]:
    yield "通話の開始", _time(call.started_ns)
    yield "応答", "なし" if call.answered_ns is None else _time(call.answered_ns)
    yield "通話の終了", f"{_time(call.ended_ns)}　{words.END_REASONS.get(call.end_reason, call.end_reason)}"
    yield "通話時間", words.length(call.duration_s)
    yield "種別", words.DIRECTIONS.get(call.direction, call.direction)
    yield "発信者番号", words.caller(call)
    yield "着信先番号", words.callee(call)
    yield "内線", call.extension or "記録なし"
    if call.section is not None:
        yield "所属", call.section
    yield "特記事項", words.flags(call)


def _recording(audio: RecordingRecord | None) -> Iterator[Block]:
    yield Heading("2　録音")
    if audio is None:
        yield Paragraph("この通話の録音はありません。")
        return
    missing = [0, 0]
    for channel, start, end in audio.gaps:
        missing[channel] += end - start
    left, right = (words.length(frames / RATE_HZ) for frames in missing)
    is_sealed = audio.sealed_bytes is not None
    kind = "G.711の符号のまま" if audio.encoding == "g711" else "16ビットPCM"
    kind += "（封印されたファイル、AES-256-GCM）" if is_sealed else "（WAV）"
    yield Fields(
        (
            ("録音の先頭", _time(audio.starts_ns)),
            ("長さ", f"{words.length(audio.frames / audio.rate_hz)}（{audio.frames:,} サンプル）"),
            ("形式", f"{kind}、{audio.rate_hz:,} Hz、{audio.channels}チャンネル（左が発信者側、右が着信者側）"),
            ("録音のSHA-256" + ("\n封印されたまま" if is_sealed else ""), words.in_fours(audio.sha256.hex())),
            (
                "音声が届かなかった時間",
                f"{_PARTIES[0]}　{left}\n{_PARTIES[1]}　{right}\n箇所　{len(audio.gaps)}（その間は無音。補っていない）",
            ),
        )
    )
    yield Table(
        ("側", "符号化", "送信元 → 宛先", "SSRC", "届いた", "失われた", "重複", "遅れた"),
        tuple(
            (
                _PARTIES[one.channel], one.codec, f"{one.source} → {one.destination}", f"0x{one.ssrc:08x}",
                f"{one.packets:,}", f"{one.lost:,}", f"{one.duplicates:,}", f"{one.late:,}",
            )
            for one in audio.streams
        ),
        (17, 9, 25, 14, 9, 10, 7, 9),
    )  # fmt: skip
    if audio.gaps:
        rows = tuple((_PARTIES[side], _second(start), _second(end)) for side, start, end in audio.gaps[:MOST_GAPS])
        yield Table(("届かなかった側", "から（先頭からの秒）", "まで"), rows, (2, 1, 1))
    if len(audio.gaps) > MOST_GAPS:
        yield Paragraph(f"ほか {len(audio.gaps) - MOST_GAPS} 箇所は facts.json にあります。", small=True)


def _sealed(call: CallRecord, sealed: Sealed | None) -> Iterator[Block]:
    """How a sealed recording is opened, and of its copy that it is one."""
    if sealed is None or call.recording is None:
        return
    original = call.recording.path.rpartition("/")[2]
    keys = {str(segment): names.key(segment) for segment in sealed.keys}
    rows = [
        ("原本（証拠）", f"{original}　封印されたまま。これが管理簿に登録された録音である。"),
        ("封印の鍵", f"{'、'.join(keys.values())}　age形式で包んだもの。秘密鍵を持つ人だけが開ける。"),
        ("開き方", f"recorder の docs/opener/open_sealed.py による。\n{command(original, keys)}"),
        ("封印の記録のSHA-256", words.in_fours(sealed.records_sha256)),
    ]
    copy = sealed.copy
    if copy is None:
        rows.append(("聴取用の複製", "なし（秘密鍵を使わずに作成した）"))
    else:
        cut = "" if copy.cut_s is None else f"\n録音は {copy.cut_s:.1f} 秒で途切れている（仕上げられていない）。"
        rows += [
            ("聴取用の複製", f"{copy.file.name}　聞くための複製であり、原本ではない。暗号化されていない。{cut}"),
            ("複製のSHA-256", words.in_fours(copy.file.sha256)),
            (
                "複製の音声のSHA-256",
                f"{words.in_fours(copy.samples_sha256)}\n先頭44バイトより後。原本を開いたものと同じになる。",
            ),
        ]
    yield Fields(tuple(rows))


def _register(proven: Proven | None) -> Iterator[Block]:
    if proven is None:
        yield Paragraph("この通話の登録は、まだ署名された管理簿に含まれていません。ファイルの照合だけができます。")
        return
    yield Fields(
        (
            ("登録", f"第 {proven.entry.number:,} 号（時刻は通話の終了: {_time(proven.entry.at_ns)}）"),
            ("署名された管理簿", f"{proven.size:,} 件まで\n{words.in_fours(proven.root.hex())}"),
            (
                "立会装置の署名",
                "\n".join(f"{name}　{_time(at_ns)}" for name, at_ns in proven.witnesses) or "なし",
            ),
            (
                "タイムスタンプ",
                "なし" if proven.stamped is None
                else f"{_time(proven.stamped.at_ns)}　番号 {proven.stamped.serial:x}　方針 {proven.stamped.policy}",
            ),
        )
    )  # fmt: skip


def _unit(of: Evidence) -> Iterator[tuple[str, str]]:
    yield "プログラム", of.software
    yield "保存先の番号", of.store
    yield "設定のSHA-256", "示されていない" if of.settings_sha256 is None else words.in_fours(of.settings_sha256)
    named = ((one, EVENTS.get(one.kind, one.kind) + _version(one)) for one in of.around)
    events = [f"{_time(one.at_ns)}　{name}（第 {one.number:,} 号）" for one, name in named]
    yield "装置の出来事（管理簿）\n前日から通話の終了まで", "\n".join(events) or "なし"


def _version(one: Entry) -> str:
    return f" recorder {one.fields['version']}" if "version" in one.fields else ""


def custody(of: Evidence, one: Custody) -> Document:
    """The custody list: how this copy came to be, and a line for each hand-over to be signed."""
    return Document(
        title="証拠一式　受渡しの記録",
        subtitle=of.office,
        number=f"通話番号　{of.call.id}",
        foot=f"通話番号 {of.call.id}　／　目録のSHA-256 {one.manifest_sha256[:16]}…",
        made_at=at(one.at_ns),
        blocks=(
            Heading("1　この複製の作成"),
            Fields(
                (
                    ("作成日時", _time(one.at_ns)),
                    ("作成者（装置の利用者名）", one.who),
                    ("作成した装置", one.machine),
                    ("方法", one.how),
                    ("理由", one.reason or "記載なし"),
                    ("装置の時計", one.clock),
                    ("管理簿の登録", f"第 {one.entry:,} 号（複製）"),
                    ("目録のSHA-256", words.in_fours(one.manifest_sha256)),
                )
            ),
            Signatures(("作成者", "確認者")),
            Heading("2　受渡し"),
            Paragraph("受け渡すたびに1行ずつ記入します。受け取った人は、確かめてから署名します。", small=True),
            Table(
                ("年月日・時刻", "渡した人（所属・氏名）", "受け取った人（所属・氏名）", "場所・方法", "確認"),
                (), (18, 25, 25, 22, 10), blank=_HANDOVERS,
            ),
            Heading("3　返却・廃棄"),
            Table(("年月日", "返却・廃棄の別と方法", "行った人（所属・氏名）", "確認"), (), (18, 40, 30, 12), blank=1),
        ),
    )  # fmt: skip


def _time(time_ns: int) -> str:
    """As in 令和8年11月22日（日）2026-11-22 09:15:02.123456, in Japan."""
    return f"{japanese_day(at(time_ns).date())} {rfc3339(time_ns)[11:26]}"


def _second(frame: int) -> str:
    return f"{frame / RATE_HZ:.3f}"
