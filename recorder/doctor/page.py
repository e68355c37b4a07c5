"""Findings as a page for people, in Japanese or English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.alarms.alarm import Language
from recorder.doctor.findings import Code, Finding, Severity
from recorder.doctor.judge import is_well
from recorder.doctor.seen import Seen
from storage.text import escape

_MARKS: dict[Language, dict[Severity, str]] = {
    "ja": {Severity.FAULT: "✗ 異常", Severity.WARNING: "! 注意", Severity.NOTE: "・参考"},
    "en": {Severity.FAULT: "x FAULT", Severity.WARNING: "! WARNING", Severity.NOTE: "- note"},
}


def page(seen: Seen, findings: Sequence[Finding], language: Language) -> Iterator[str]:
    """The page, line by line: what was seen, each finding with what to do, the proposal, and the verdict last."""
    yield _summary(seen, language)
    for warning in seen.warnings:
        yield escape(warning)
    for finding in findings:
        yield ""
        yield f"{_MARKS[language][finding.severity]} [{finding.code}] {escape(finding.meaning(language))}"
        if remedy := finding.remedy(language):
            yield f"    → {escape(remedy)}"
    if seen.proposal is not None and any(finding.code is Code.LINES for finding in findings):
        yield ""
        yield "設定 recorder.toml の案（確かめてから使ってください）:" if language == "ja" else (
            "Proposal for recorder.toml, to be checked before it is used:"
        )
        yield from (f"    {escape(line)}".rstrip() for line in seen.proposal.as_toml().split("\n"))
    yield ""
    yield _verdict(findings, language)


def _summary(seen: Seen, language: Language) -> str:
    answered = sum(call.answered for call in seen.calls)
    if language == "ja":
        return (
            f"{seen.seconds:.0f} 秒、{seen.frames:,} フレーム: SIP {seen.sip:,} 件、"
            f"通話 {len(seen.calls):,} 件（応答 {answered:,} 件）、音声 {len(seen.streams):,} 本"
        )
    return (
        f"{seen.seconds:.0f} s, {seen.frames:,} frames: {seen.sip:,} SIP messages, "
        f"{len(seen.calls):,} calls ({answered:,} answered), {len(seen.streams):,} audio streams"
    )


def _verdict(findings: Sequence[Finding], language: Language) -> str:
    faults = sum(finding.severity is Severity.FAULT for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    if is_well(findings):
        return "判定: 良好。異常は見つかりませんでした。" if language == "ja" else "Verdict: well. Nothing is wrong."
    if language == "ja":
        return f"判定: 異常 {faults} 件、注意 {warnings} 件。"
    return f"Verdict: {faults} fault{'' if faults == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}."
