"""A regulation as the machine understands it, in Japanese or English, each line with its article."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from recorder.policy import words
from recorder.policy.profile import CallerNotice, Copies, Ground, Profile, Scope
from storage.retention.rules import Days, Months, Rule, parts
from storage.retention.words import describe

Counted = Days | Months  # from the day after the call; the others go by the calendar

_SOURCES = {
    "text": ("条文による。", "From its text."),
    "table": ("条文は未確認（他の自治体の一覧表による）。", "Its text wasn't seen: from another city's table."),
    "described": ("条文は未確認（要約による）。", "Its text wasn't seen: from a description."),
}
_LINES = {"outside": ("外線通話", "calls over outside lines"), "all": ("通話", "calls")}
_STARTS = {
    "automatic": ("自動で", "by itself"),
    "by_hand": ("手動で", "by hand"),
    "mid_call": ("通話の途中から", "in mid-call"),
}
_NOTICES = {
    "announcement": ("音声で案内する", "an announcement is played"),
    "staff": ("職員が告知する", "staff say so"),
    "none": ("案内しない", "no notice is given"),
}
_LISTENING = {
    "for_the_purpose": (
        "設置目的の達成に必要なとき、録音を聴くことができる。",
        "Recordings may be heard where the purpose needs it.",
    ),
    "on_grounds": (
        "挙げられた場合のほか、録音を聴いてはならない。",
        "Recordings may be heard on listed grounds alone.",
    ),
    "copies_only": (
        "録音そのものを聴いてはならない。聴くのは複製だけとする。",
        "Recordings are never heard, only copies.",
    ),
}
_ACTS = {
    "listen": ("聴取", "listen"), "use": ("利用", "use"), "copy": ("複製", "copy"), "provide": ("提供", "provide"),
    "extend": ("保存期間の延長", "extend"), "extend_copies": ("複製の保存期間の延長", "extend copies"),
}  # fmt: skip
_ROLES = {
    "manager": ("管理責任者", "Manager"), "deputy": ("代理", "Deputy"), "operator": ("取扱者", "Operator"),
    "applicant": ("申請者", "Applicant"), "contractor": ("受託者", "Contractor"),
}  # fmt: skip
_COUNTING = (
    "期間は、通話した日の翌日から数え、末日の終了をもって満了する。応当する日がない月は、その月の末日に満了する。"
    "日は日本時間による。",
    "Periods are counted from the day after the call, and end with the end of their last day, in Japan.",
)
_NO_HOLDS = (
    "保存期間の延長については、定めがない。",
    "It says nothing of keeping a recording longer.",
)


class Line(NamedTuple):
    """One thing that holds, and by which article."""

    topic: str
    japanese: str
    english: str  # what stands in the profile in free words stays Japanese
    article: str  # "" for what is said of the regulation itself


def explain(profile: Profile) -> Iterator[Line]:
    """Everything that a profile says."""
    regulation = profile.regulation
    japanese, english = _SOURCES[regulation.source]
    in_force = f"{regulation.in_force.isoformat()}施行。" if regulation.in_force else ""
    since = f" In force since {regulation.in_force.isoformat()}." if regulation.in_force else ""
    yield Line("regulation", f"{regulation.title}。{in_force}{japanese}{regulation.note}",
               f"{profile.office.english}: {regulation.title}.{since} {english}", "")  # fmt: skip
    for purpose in profile.purposes:
        yield Line("purpose", f"目的：{purpose.says}", f"Purpose: {purpose.says}", purpose.article)
    if profile.scope is not None:
        yield from _scope(profile.scope)
    if profile.notice is not None:
        yield from _notice(profile.notice)
    yield from _retention(profile)
    for standing in profile.standings:
        yield Line("standing", standing.says, f"Legal standing: {standing.says}", standing.article)
    if profile.listening is not None:
        yield Line("listening", *_LISTENING[profile.listening.how], profile.listening.article)
    yield from map(_ground, profile.grounds)
    if not any(ground.extend for ground in profile.grounds):
        yield Line("extension", *_NO_HOLDS, "")
    for condition in profile.conditions:
        says, article = condition.says, condition.article
        yield Line("condition", f"提供先に守らせること：{says}", f"Recipients: {says}", article)
    for role in profile.roles:
        own = {"manager": profile.words.manager, "operator": profile.words.operator}.get(role.role)
        name, title = _ROLES[role.role]
        further = f"。{role.says}" if role.says else "。"
        yield Line("role", f"{own or name}：{role.post}{further}", f"{title}: {role.post}{further}", role.article)
    for duty in profile.duties:
        yield Line("duty", duty.says, f"Duty ({duty.duty.replace('_', ' ')}): {duty.says}", duty.article)
    for form in profile.forms:
        yield Line("form", f"様式：{form.number}「{form.title}」", f"Form: {form.number} {form.title}", form.article)


def _scope(scope: Scope) -> Iterator[Line]:
    if scope.lines is not None:
        what, calls = _LINES[scope.lines]
        how = "又は".join(_STARTS[start][0] for start in scope.start)
        by = " or ".join(_STARTS[start][1] for start in scope.start)
        english = f"Recorded are {calls}, {by}." if by else f"Recorded are {calls}."
        yield Line("scope", f"{what}を{how}録音する。", english, scope.article)
    for never in scope.never:
        yield Line("never", f"録音しないもの：{never.says}", f"Never recorded: {never.says}", never.article)


def _notice(notice: CallerNotice) -> Iterator[Line]:
    for way, call, english in ((notice.inbound, "着信", "Inbound"), (notice.outbound, "発信", "Outbound")):
        if way is not None:
            japanese = f"{call}のとき、相手方に録音することを{_NOTICES[way][0]}。"
            yield Line("notice", japanese, f"{english}: {_NOTICES[way][1]}.", notice.article)
    for one in notice.exceptions:
        yield Line("notice", f"告知しないことができる場合：{one.says}", f"Without notice: {one.says}", one.article)


def _retention(profile: Profile) -> Iterator[Line]:
    kept = profile.retention
    rule = kept.rule()
    if rule is not None:
        said = words.sentence(rule, profile.words.recording, profile.words.erasing)
        english = f"Recordings are kept: {describe(rule)}."
        yield Line("retention", f"{said}{_remark(kept.remark)}", english, kept.article)
        if any(isinstance(one, Counted) for one in _leaves(rule)):
            yield Line("counting", *_COUNTING, "民法第140条、第141条、第143条")
    copies = profile.copies
    if copies is None:
        none = f"{profile.words.copy}の保存期間については、定めがない。"
        yield Line("copies", none, "It says nothing of how long copies are kept.", "")
        return
    yield _copies(copies, profile)


def _copies(copies: Copies, profile: Profile) -> Line:
    rule, what, remark = copies.rule(), profile.words.copy, _remark(copies.remark)
    if rule is not None:
        said = words.sentence(rule, what, profile.words.destroying)
        return Line("copies", f"{said}{remark}", f"Copies are kept: {describe(rule)}.", copies.article)
    if copies.until_purpose_met:
        said = f"{what}は、目的が達せられたときに{profile.words.destroying}する。"
        return Line("copies", f"{said}{remark}", "Copies are kept until their purpose is met.", copies.article)
    return Line("copies", f"{what}：{copies.remark}", "Copies have no period.", copies.article)


def _ground(ground: Ground) -> Line:
    acts = ground.allows()
    allowed = "、".join(
        _ACTS[act][0] + ("" if article == ground.article else f"（{article}）") for act, article in acts.items()
    )
    needs = "。文書によること" if ground.in_writing else ""
    form = "。様式を要する" if ground.form else ""
    english = ", ".join(_ACTS[act][1] for act in acts)
    return Line(
        "ground",
        f"{ground.title}：{allowed}ができる{needs}{form}。",
        f"Ground {ground.name}: {english}. {ground.title}",
        ground.article,
    )


def _leaves(rule: Rule) -> Iterator[Rule]:
    if not parts(rule):
        yield rule
    for part in parts(rule):
        yield from _leaves(part)


def _remark(remark: str) -> str:
    return f"（{remark.rstrip('。')}）" if remark else ""
