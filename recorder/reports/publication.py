"""公表文: that calls are recorded, which and why, drafted from the regulation and the settings.

The draft is plain text that a person goes over. A line that begins with ■ is a heading. The same settings give the
same text, so whether a notice that was published still fits is seen by comparing drafts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from recorder.paper.document import Block, Document, Heading, Line, Span, Title
from recorder.policy import words
from recorder.policy.profile import Profile, Said, Words
from recorder.settings import Settings

TITLE = "通話録音装置の設置及び運用について"
HEADING = "■"
_INBOUND = {
    "announcement": "着信のときは、応答の前に、録音する旨を音声でお知らせします。",
    "staff": "着信のときは、職員が、録音する旨をお伝えします。",
    "none": "着信のときの音声による案内は行いません。この公表によりお知らせします。",
}  # fmt: skip
_OUTBOUND = {
    "announcement": "発信のときは、録音する旨を音声でお知らせします。",
    "staff": "発信のときは、職員が、録音する旨をお伝えします。",
    "none": "市役所等からおかけする電話では、音声による案内は行いませんが、録音しています。",
}  # fmt: skip
_DIRECTIONS = {"inbound": "外線の着信", "outbound": "外線の発信", "internal": "内線の通話"}


def draft(settings: Settings, profile: Profile | None) -> str:
    """The notice's text."""
    sections = [
        ("目的", _purposes(profile)), ("録音する通話", _recorded(settings, profile)),
        ("録音しない通話", _never(settings, profile)),
        ("記録する内容", ["音声、通話日時、通話時間及び通話当事者の電話番号"]),
        ("通話の相手の方へのお知らせ", _told(settings, profile)), ("保存期間", _kept(settings, profile)),
        ("利用及び提供", _grounds(profile)), ("管理", _managed(profile)), ("開示の請求、苦情等", _rights(profile)),
        ("問合せ先", [f"{_manager(profile)}　電話（　　　　）　　　　－　　　　"]),
    ]  # fmt: skip
    lines = [TITLE, "", _opening(profile), ""]
    for title, said in sections:
        if found := list(said):
            lines += [f"{HEADING}{title}", *found, ""]
    return "\n".join(lines).rstrip() + "\n"


def digest(text: str) -> str:
    """SHA-256 of the text as it is published: line ends and space behind lines make no difference."""
    return hashlib.sha256(canonical(text).encode("utf-8")).hexdigest()


def canonical(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n")) + "\n"


def document(text: str, made_at: datetime) -> Document:
    """The text as a paper: its first line is the title."""
    title, *rest = canonical(text).rstrip("\n").split("\n")
    blocks: list[Block] = [Title(title or TITLE)]
    for line in rest:
        if line.startswith(HEADING):
            blocks.append(Heading(line.removeprefix(HEADING).strip()))
        elif line.strip():
            blocks.append(Line(spans=(Span(line),)))
    return Document(title=title or TITLE, made_at=made_at, blocks=tuple(blocks), is_form=True)


def _opening(profile: Profile | None) -> str:
    if profile is None:
        return "通話録音装置を設置し、次のとおり電話の通話を録音しています。"
    place = f"（{profile.office.place}）" if profile.office.place else ""
    return (
        f"{profile.office.name}では、{profile.regulation.title}に基づき、通話録音装置を設置し{place}、"
        "次のとおり電話の通話を録音しています。"
    )


def _purposes(profile: Profile | None) -> Iterator[str]:
    """Without one in the profile, somebody has to write it."""
    if profile is None or not profile.purposes:
        yield "・（設置の目的を記入）"
        return
    for one in profile.purposes:
        yield _point(one)


def _recorded(settings: Settings, profile: Profile | None) -> Iterator[str]:
    yield "、".join(_DIRECTIONS[one] for one in ("inbound", "outbound", "internal") if one in settings.lines.record)
    scope = profile.scope if profile else None
    if scope is not None and {"by_hand", "mid_call"} & set(scope.start):
        by_hand = "必要なときに職員の操作により、通話の開始時又は途中から録音することがあります"
        yield f"{by_hand}（{scope.article}）。"
    if demanded := [one.name for one in settings.sections if one.record == "on_demand"]:
        yield f"{'、'.join(dict.fromkeys(demanded))}は、必要なときに限り、職員の操作により録音します。"


def _never(settings: Settings, profile: Profile | None) -> Iterator[str]:
    for one in profile.scope.never if profile and profile.scope else ():
        yield _point(one)
    if sections := [one.name for one in settings.sections if one.record == "never"]:
        yield f"・{'、'.join(dict.fromkeys(sections))}の電話"
    if settings.lines.never_record:
        yield f"・その他、録音対象外とする電話番号（設定 {len(settings.lines.never_record)} 件。回線の名称を記入）"


def _told(settings: Settings, profile: Profile | None) -> Iterator[str]:
    notice = profile.notice if profile else None
    has_unit = bool(settings.announcement.exchanges or settings.notice.prompts)
    inbound = notice.inbound if notice and notice.inbound else "announcement" if has_unit else "none"
    if "inbound" in settings.lines.record:
        yield _INBOUND[inbound] + (f"（{notice.article}）" if notice else "")
    if "outbound" in settings.lines.record:
        outbound = notice.outbound if notice and notice.outbound else "none"
        yield _OUTBOUND[outbound]
    if notice is not None and notice.exceptions:
        yield "次の場合は、お知らせしないことがあります。"
        for one in notice.exceptions:
            yield _point(one)


def _kept(settings: Settings, profile: Profile | None) -> Iterator[str]:
    word = profile.words if profile else Words()
    has_own = False
    for own in settings.policy.rules:
        rule = own.rule()
        assert rule is not None
        of = "、".join((*own.sections, *(f"内線{one}" for one in own.extensions), *own.lines))
        has_own = has_own or not of
        article = f"（{own.article}）" if own.article else ""
        said = words.sentence(rule, word.recording, word.erasing).rstrip("。")
        yield f"{of}の{said}{article}。" if of else f"{said}{article}。"
    if profile is not None and not has_own:
        rule = profile.retention.rule()
        assert rule is not None
        said = words.sentence(rule, word.recording, word.erasing).rstrip("。")
        yield f"{said}（{profile.retention.article}）。"


def _grounds(profile: Profile | None) -> Iterator[str]:
    if profile is None or not profile.grounds:
        return
    word = profile.words
    yield f"{word.recording}は、次の場合を除き、目的以外に利用し、又は提供しません。"
    for one in profile.grounds:
        yield f"・{one.title}（{one.article}）"


def _managed(profile: Profile | None) -> Iterator[str]:
    if profile is None:
        return
    word = profile.words
    for role, called in (("manager", word.manager), ("operator", word.operator)):
        for one in profile.roles:
            if one.role == role:
                yield f"{called}：{one.post}（{one.article}）"
    yield from (f"・{one.says}（{one.article}）" for one in _duties(profile, ("safeguard", "unaltered", "secrecy")))


def _rights(profile: Profile | None) -> Iterator[str]:
    if profile is None:
        return
    named: Sequence[str] = ("disclosure", "identity_check", "complaints")
    yield from (f"・{one.says}（{one.article}）" for one in _duties(profile, named))


def _duties(profile: Profile, names: Sequence[str]) -> Iterator[Said]:
    for one in profile.duties:
        if one.duty in names:
            yield Said(says=one.says.rstrip("。"), article=one.article)


def _manager(profile: Profile | None) -> str:
    post = next((one.post for one in profile.roles if one.role == "manager"), "") if profile else ""
    section = post.removesuffix("長") if post.endswith("課長") else post
    return f"{profile.office.name}　{section}" if profile else "　　　　　　課"


def _point(one: Said) -> str:
    return f"・{one.says.rstrip('。')}（{one.article}）"
