"""What is known, as forms can say it: the vocabulary of placeholders.

A placeholder in a layout is the dotted name of a field here: `{document}`, `{applicant.section}`, `{call.day:both}`.
`{call...}`, `{copy...}` and `{row...}` are the one that a repeated part is about, else the first. "", None and ()
mean: not known, so left for the pen. Times are Japan's. Texts may come from strangers: whatever they hold, they stay
text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from datetime import time as TimeOfDay

PHONE = {"is_phone": True}  # of a field that has a telephone number: shown with hyphens or brackets where that is sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a post. One outside has none: `section` is then where he belongs. `title` is both in one, as
    addresses have it: 税務課 and 課長 are 税務課長."""

    section: str = ""  # 課・室
    post: str = ""  # 職
    name: str = ""  # 氏名
    contact: str = field(default="", metadata=PHONE)  # 連絡先

    @property
    def title(self) -> str:
        if not self.section or self.post.startswith(self.section):
            return self.post
        if self.section[-1] == self.post[:1]:
            return self.section + self.post[1:]
        return f"{self.section}　{self.post}" if self.post else self.section


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, as it was asked for, or as it was found."""

    day: date | None = None  # 通話日
    time: TimeOfDay | None = None  # 通話時刻（から）
    end_day: date | None = None  # まで
    end_time: TimeOfDay | None = None
    seconds: float | None = None  # 通話時間
    number: str = field(default="", metadata=PHONE)  # 相手方電話番号; a word such as 非通知 is shown as it is
    own_number: str = field(default="", metadata=PHONE)  # 市側電話番号
    extension: str = field(default="", metadata=PHONE)  # 内線番号
    section: str = ""  # 通話した課
    is_stored: bool | None = None  # 音声データの有無
    absence: str = ""  # 保存されていない理由
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy (複製物)."""

    number: int | None = None  # of its entry in the register
    made_on: date | None = None
    medium: str = ""  # a word of `recorder.door.cases.entries.Medium`
    packing: str = ""  # ... Packing
    serial: str = ""  # of the medium
    calls: int | None = None
    sha256: str = ""
    until: date | None = None  # last day
    rule: str = ""  # 保存期間
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """Who asks by law: police, prosecutors, courts."""

    name: str = ""  # 機関名
    section: str = ""
    officer: str = ""  # 担当官の職・氏名
    document: str = ""  # 照会書の文書番号
    document_on: date | None = None
    law: str = ""  # 根拠法令
    called: str = field(default="", metadata=PHONE)  # the number called back, not the one on the letter
    number_from: str = ""  # where that number was found
    called_on: date | None = None
    called_at: TimeOfDay | None = None
    spoke_to: str = ""
    was_confirmed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The check of who asks for disclosure."""

    means: tuple[str, ...] = ()  # words of `recorder.door.cases.entries.MEANS`
    is_agent: bool | None = None
    agent: Person = Person()
    authority: str = ""  # 委任状など、代理権を確かめた書類
    compared: str = ""  # 照合した他の情報
    third_parties: str = ""  # 第三者の情報
    checked_on: date | None = None
    is_identified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the register of copies (通話記録管理簿)."""

    number: str = ""
    on: date | None = None
    call: str = ""  # its day and time
    ground: str = ""  # with its article
    applicant: str = ""
    decided: str = ""
    copied: str = ""  # on which day, on what medium
    provided: str = ""  # on which day, to whom, on which conditions
    ended: str = ""  # returned or destroyed: when and how
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a form can be filled with."""

    case: int | None = None  # 受付番号: the number of the application's entry
    document: str = ""  # 文書番号 of this paper
    document_on: date | None = None  # 年月日 of this paper
    asked_document: str = ""  # 文書番号 of the paper that this one answers
    asked_on: date | None = None
    applicant: Person = Person()  # 申請した課・室の長
    in_charge: Person = Person()  # 申請担当者
    manager: Person = Person()  # 管理責任者
    operator: Person = Person()  # 取扱者, who did it
    contractor: Person = Person()  # 受託者: the company in `section`
    recipient: Person = Person()  # who is given a copy
    witness: Person = Person()  # 立会人
    citizen: Person = Person()  # who asks for disclosure, or complains
    agency: Agency = Agency()
    identity: Identity = Identity()
    calls: tuple[Call, ...] = ()
    copies: tuple[Copy, ...] = ()
    rows: tuple[Row, ...] = ()
    ground: str = ""  # its name in the profile
    ground_title: str = ""
    article: str = ""
    choice: str = ""  # which of the form's choices: its text in the profile
    choice_other: str = ""  # what stands behind その他
    purpose: str = ""  # 利用目的
    remarks: str = ""  # 備考
    outcome: str = ""  # a word of `recorder.door.cases.entries.Outcome`
    is_stored: bool | None = None  # 音声データの有無
    reason: str = ""  # of a refusal
    absences: tuple[str, ...] = ()  # why it isn't there, a sentence each
    conditions: tuple[str, ...] = ()  # on the recipient; those of the profile if empty
    are_accepted: bool | None = None  # whether he accepted them
    medium: str = ""  # asked for, or handed over
    instructed: str = ""  # what is to be done
    due_on: date | None = None  # by which day
    handed_on: date | None = None
    handed_how: str = ""
    ended_on: date | None = None
    ended_how: str = ""  # a word of `recorder.door.cases.entries.Ending`
    ended_note: str = ""  # the way of it, in words
    reported_by: Person = Person()
