"""What the office's forms are filled in with: a case and its papers as facts of `recorder.forms`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from recorder.dates import at
from recorder.door.cases.grounds import ground_named
from recorder.door.cases.history import Case
from recorder.door.people.values import Person as Account
from recorder.forms.facts import Agency, Call, Facts, Identity, Person
from recorder.policy.profile import Form, Profile
from storage.records import CallRecord

Paper = Mapping[str, Any]


def of_application(case: Case, paper: Paper, profile: Profile | None, form: Form | None) -> Facts:
    """The application as it was made; `form` is the profile's, with its choices."""
    ground = ground_named(profile, str(case.applied.fields.get("ground", "")))
    choice = int(paper.get("choice", 0))
    return Facts(
        case=case.number, document=paper.get("document", ""), document_on=_day(paper.get("document_on"))
        or case.received_on, asked_on=case.received_on, applicant=_applicant(case, paper),
        citizen=Person(name=paper.get("applicant_name", "")) if case.asks == "disclosure" else Person(),
        in_charge=Person(name=paper.get("person_in_charge", "")), manager=manager_of(profile),
        calls=tuple(_item(one) for one in paper.get("items", ())), ground=ground.name if ground else "",
        ground_title=ground.title if ground else "", article=ground.article if ground else "",
        choice=form.choices[choice - 1] if form and 0 < choice <= len(form.choices) else "",
        choice_other=paper.get("choice_other", ""), purpose=paper.get("purpose", ""), remarks=paper.get("remarks", ""),
    )  # fmt: skip


def of_reply(case: Case, paper: Paper, reply: Paper, profile: Profile | None) -> Facts:
    """The reply. A refusal says nothing of whether there is a recording."""
    outcome = str(reply.get("outcome", ""))
    calls = tuple(found_call(one) for one in reply.get("calls", ()))
    absent = {one["item"]: one["sentence"] for one in reply.get("absent", ())}
    return Facts(
        case=case.number, document=reply.get("document", ""), document_on=_day(reply.get("document_on")),
        asked_document=paper.get("document", ""), asked_on=_day(paper.get("document_on")) or case.received_on,
        applicant=_applicant(case, paper), manager=manager_of(profile),
        calls=calls or tuple(_item(one) for one in paper.get("items", ())),
        ground=reply.get("ground", ""), ground_title=reply.get("ground_title", ""), article=reply.get("article", ""),
        remarks=reply.get("remarks", ""), outcome=outcome,
        is_stored=True if calls else False if outcome == "not_stored" else None, reason=reply.get("reason", ""),
        absences=tuple(absent[item] for item in sorted(absent)), purpose=paper.get("purpose", ""),
    )  # fmt: skip


def of_identity(
    case: Case, paper: Paper, check: Paper, at_ns: int, by: Account | None, profile: Profile | None
) -> Facts:
    """The check of who asks for what there is of himself."""
    return Facts(
        case=case.number, asked_on=case.received_on, manager=manager_of(profile), operator=_account(by),
        citizen=Person(name=paper.get("applicant_name", "") or paper.get("applicant", "")),
        identity=Identity(
            means=tuple(check.get("means", ())), is_agent=check.get("is_agent"),
            agent=Person(name=check.get("agent", "")), authority=check.get("authority", ""),
            compared=check.get("compared", ""), third_parties=check.get("third_parties", ""),
            checked_on=at(at_ns).date(), is_identified=check.get("was_identified"),
        ),
        remarks=check.get("remarks", ""),
    )  # fmt: skip


def of_investigation(
    case: Case, paper: Paper, check: Paper, reply: Paper, at_ns: int, by: Account | None, profile: Profile | None
) -> Facts:
    """Who asked by law, how he was called back, and what was decided."""
    calls: Sequence[Any] = reply.get("calls", ())
    return Facts(
        case=case.number, asked_on=case.received_on, manager=manager_of(profile), operator=_account(by),
        calls=tuple(map(found_call, calls)) if calls else tuple(map(_item, paper.get("items", ()))),
        agency=Agency(
            name=check.get("agency", ""), section=check.get("office", ""), officer=check.get("officer", ""),
            document=check.get("document", "") or paper.get("document", ""),
            document_on=_day(check.get("document_on")) or _day(paper.get("document_on")), law=check.get("law", ""),
            called=check.get("number", ""), number_from=check.get("found_in", ""), called_on=at(at_ns).date(),
            called_at=at(at_ns).time(), spoke_to=check.get("spoke_to", ""), was_confirmed=check.get("was_confirmed"),
        ),
        ground=reply.get("ground", ""), ground_title=reply.get("ground_title", ""), article=reply.get("article", ""),
        outcome=reply.get("outcome", ""), remarks=check.get("remarks", ""),
    )  # fmt: skip


def _applicant(case: Case, paper: Paper) -> Person:
    return Person(section=case.section, post=paper.get("applicant", ""), name=paper.get("applicant_name", ""))


def manager_of(profile: Profile | None) -> Person:
    """The manager's post, as the regulation names it."""
    roles = profile.roles if profile else ()
    return Person(post=next((one.post for one in roles if one.role == "manager"), ""))


def _account(person: Account | None) -> Person:
    return Person(post=person.post, name=person.name) if person else Person()


def _item(item: Paper) -> Call:
    """A call as it was asked for."""
    return Call(
        day=_day(item["day"]), time=time.fromisoformat(item["time"]) if item["time"] else None,
        seconds=item["length_s"], number=item["number"], own_number=item["extension"], extension=item["extension"],
    )  # fmt: skip


def found_call(call: Paper) -> Call:
    """A call as it was found."""
    begun, ended = at(call["started_ns"]), at(call["ended_ns"])
    return Call(
        day=begun.date(), time=begun.time().replace(microsecond=0), end_day=ended.date(),
        end_time=ended.time().replace(microsecond=0), seconds=call["length_s"],
        number="非通知" if call["withheld"] else call["number"], own_number=call["extension"],
        extension=call["extension"], section=call["section"], is_stored=True,
    )  # fmt: skip


def stored_call(record: CallRecord) -> Call:
    """A call as it is in the store."""
    begun, ended = at(record.started_ns), at(record.ended_ns)
    outbound = record.direction == "outbound"
    other, own = (record.callee, record.caller) if outbound else (record.caller, record.callee)
    return Call(
        day=begun.date(), time=begun.time().replace(microsecond=0), end_day=ended.date(),
        end_time=ended.time().replace(microsecond=0), seconds=record.duration_s,
        number=other or ("非通知" if "withheld" in record.flags else ""), own_number=record.extension or own or "",
        extension=record.extension or "", section=record.section or "", is_stored=record.recording is not None,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
