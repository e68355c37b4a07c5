"""消去証明書: that a unit's store was erased, for its return to the lessor (Yamagata 8(3)).

The Ministry's guideline on security policies (総務省 地方公共団体における情報セキュリティポリシーに関するガイドライン,
revised in December 2020) asks for a way of disposal by the class of what a medium held. The paper says what was done,
and for each class what that comes to; which class it is, the office says. It never says that flash is empty, which no
program can know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from recorder.contract_form import rfc3339
from recorder.dates import at, japanese_day
from recorder.erasing_all.report import Device, Method, UnitErased
from recorder.paper.document import Block, Document, Fields, Heading, Paragraph, Signatures, Table
from recorder.paper.pdf import as_pdf
from recorder.problems import Unusable

METHODS = {
    Method.KEYS: ("暗号化消去", "暗号化された録音の鍵を上書きして廃棄した。その録音は平文で書かれたことがない。"),
    Method.OVERWRITE: ("上書き消去", "ファイルの全領域を上書きし、ディスクへの書込みを確かめてから削除した。"),
    Method.DISCARD: ("空き領域の放棄", "上書きの後、空き領域をすべて放棄するよう記憶装置に命じた（FITRIM）。"),
}


def certificate(of: UnitErased) -> Document:
    """The paper. `Unusable` if anything was left: then there is nothing to certify."""
    if not of.is_complete:
        raise Unusable(
            f"{len(of.left)} files are left, the first: {of.left[0]}. Nothing can be certified.",
            hint="Erase again: recorder erase --all",
        )
    return Document(
        title="消去証明書",
        subtitle="通話録音装置の記憶装置のデータ消去",
        number=f"第　　　　号\n{japanese_day(at(of.ended_ns).date())}",
        foot=f"{of.software}　／　保存先の番号 {of.store}",
        made_at=at(of.ended_ns),
        blocks=(
            Paragraph("次の記憶装置に保存されていた通話録音データを消去したことを証明します。"),
            Heading("1　記憶装置"),
            Table(
                ("装置", "型名", "製造番号", "種類", "空き領域の放棄"),
                tuple(_device(one) for one in of.devices), (16, 24, 26, 20, 14),
            ),
            Heading("2　消去したもの"),
            Fields(tuple(_counts(of))),
            Heading("3　方法"),
            Table(("方法", "内容"), tuple(METHODS[one] for one in of.methods), (22, 78)),
            Heading("4　総務省のガイドラインによる分類との対応"),
            Table(("該当", "保存していた情報の分類", "求められる方法", "この消去"), _classes(of), (7, 27, 31, 35)),
            *_rest(of),
            Heading("5　確認"),
            Signatures(("実施者", "立会人", "管理責任者")),
            Paragraph(
                "この証明書は、プログラムが行ったことを示します。製造番号の空欄は、現物のラベルを見て記入してください。",
                small=True,
            ),
        ),
    )  # fmt: skip


def write(of: UnitErased, path: Path) -> None:
    """The paper as a PDF in a new file. `Unusable` if something was left or the file exists; OSError."""
    data = as_pdf(certificate(of))
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise Unusable(f"{path} exists and is not overwritten.", hint="Name another place.") from None


def _device(one: Device) -> tuple[str, ...]:
    kind = {True: "半導体（SSD など）", False: "磁気ディスク", None: "不明"}[one.is_flash]
    discarded = "した" if one.discarded else "していない"
    return one.device or one.path, one.model or "　", one.serial or "　", kind, discarded


def _counts(of: UnitErased) -> Iterator[tuple[str, str]]:
    yield "保存先の番号", of.store
    yield "通話", f"{of.calls:,} 件"
    yield "録音", f"{of.recordings:,} 件（うち暗号化 {of.sealed:,} 件）、{of.recordings_bytes:,} バイト"
    yield "廃棄した鍵", f"{of.keys:,} 個"
    yield "上書きしたファイル", f"{of.files:,} 個、{of.files_bytes:,} バイト"
    yield "開始", _time(of.begun_ns)
    yield "終了", _time(of.ended_ns)
    yield "実施者（装置の利用者名）", of.who
    if of.backups_until is not None:
        day = japanese_day(date.fromisoformat(of.backups_until))
        yield "鍵のバックアップ", f"{day} までに消える。その日まで、暗号化消去は完了していない。"


def _classes(of: UnitErased) -> tuple[tuple[str, str, str, str], ...]:
    """Each class, and what was done and is still to be done for it."""
    more = "半導体の予備領域に残り得る。装置自身の消去命令か物理的な破壊が別に必要。"
    if of.needs_destruction and of.audio_was_clear:
        laboratory = f"不足。平文の録音と番号などの記録が、{more}"
    elif of.needs_destruction:
        laboratory = f"録音は暗号化消去した。番号などの記録は不足。{more}"
    else:
        done = "" if of.audio_was_clear else "録音は暗号化消去した。"
        laboratory = f"{done}磁気ディスクの全ファイルを上書きした。専用の消去装置の要否は、担当者が判断する。"
    return (
        (
            "□", "(1) マイナンバー利用事務系の領域の住民情報", "分解・粉砕・溶解などの物理的な破壊",
            "不足。物理的な破壊が別に必要。",
        ),
        ("□", "(2) 機密性2以上の情報", "研究所レベルの攻撃にも耐える抹消", laboratory),
        (
            "□", "(3) 機密性1の情報", "一般の復元ツールでは復元が困難な消去",
            "全ファイルを上書きした。OSの領域は対象に含まれない。",
        ),
    )  # fmt: skip


def _rest(of: UnitErased) -> Iterator[Block]:
    if of.needs_destruction:
        what = "録音と番号などの記録" if of.audio_was_clear else "番号などの記録"
        yield Paragraph(
            f"注意：暗号化していない{what}が、上書きの届かない領域を持つ記憶装置（半導体など）にありました。返却の前に、"
            "装置自身の消去命令（nvme format、hdparm --security-erase）か物理的な破壊を行い、下に記入してください。"
        )
        yield Table(("年月日", "追加で行った方法", "実施者", "立会人"), (), (18, 42, 20, 20), blank=1)


def _time(time_ns: int) -> str:
    return f"{japanese_day(at(time_ns).date())} {rfc3339(time_ns)[11:19]}"
