"""The kinds of entries that a case is made of, with their fields. None has a number or a citizen's name in it.

`paper` is the digest of a paper (`papers`), "" if there is none. A case's number is that of its `application`; a copy's
is that of its `copy`.

| kind | Japanese | fields |
| --- | --- | --- |
| `application` | 申請 | `asks`, `section` (of the applicant, ""), `ground` (its name in the profile, ""), `form`, `received_on`, `on_paper` (typed in for the applicant), `paper` |
| `withdrawn` | 取下げ | `application`, `paper` (why) |
| `identity_checked` | 本人確認 | `application`, `means` (words of `MEANS`), `is_agent`, `was_identified`, `paper` |
| `called_back` | 照会元への確認 | `application`, `was_confirmed`, `paper` |
| `decision` | 決定 | `application`, `outcome`, `ground`, `article`, `calls`, `absent` (a list of: `item` from 1, `why`, `rule`, `article`, `entries`), `paper` (why, in words) |
| `reply` | 回答 | `application`, `decision`, `document`, `document_on`, `form`, `paper` |
| `copy` | 複製 | `application` or `instruction`, `calls`, `sha256` (of each WAV), `medium`, `form` (folder, zip, iso), `manifest_sha256`, `until` (last day, ""), `rule` |
| `provision` | 提供 | `application` or `instruction`, `copy` (0: knowledge alone, as of an extension), `to` (a post, an authority), `how`, `document`, `conditions` (their articles), `form` of a submission, `paper` |
| `copy_reminded` | 督促 | `copy`, `how` |
| `copy_extended` | 複製の保存期間の延長 | `copy`, `ground`, `article`, `until`, `paper` (why) |
| `copy_ended` | 複製の廃棄 | `copy`, `how`, `on`, `reported_by` (login, or a post), `paper` |
| `complaint` | 苦情 | `about` (recording, handling, call), `how` (phone, letter, counter, mail, other), `section` (that took it, ""), `received_on`, `calls`, `paper` |
| `complaint_answered` | 苦情への対応 | `complaint`, `was_reported` (to the mayor), `paper` |
| `published` | 公表 | `on`, `where`, `sha256` (of the notice), `basis` (SHA-256 of what the settings made at that time), `paper` (the notice, to be shown again) |
"""  # noqa: E501

from __future__ import annotations

from typing import Literal, get_args

from recorder.policy.profile import Asks

APPLICATION, WITHDRAWN = "application", "withdrawn"
IDENTITY_CHECKED, CALLED_BACK = "identity_checked", "called_back"
DECISION, REPLY = "decision", "reply"
COPY, PROVISION = "copy", "provision"
COPY_REMINDED, COPY_EXTENDED, COPY_ENDED = "copy_reminded", "copy_extended", "copy_ended"
COMPLAINT, COMPLAINT_ANSWERED, PUBLISHED = "complaint", "complaint_answered", "published"
OF_CASES = (
    APPLICATION, WITHDRAWN, IDENTITY_CHECKED, CALLED_BACK, DECISION, REPLY, COPY, PROVISION, COPY_REMINDED,
    COPY_EXTENDED, COPY_ENDED,
)  # fmt: skip

# What is asked for (`Asks`). `extension`: which telephone of ours called, without hearing anything (Yamagata 9(1)4).
# `disclosure`: a citizen asks for what there is of himself. `investigation`: police or prosecutors ask in writing.
Outcome = Literal["granted", "in_part", "refused", "not_stored"]
# Why something that was asked for isn't there. `never_seen`: no such call came by while we recorded. `not_recording`:
# nobody listened at that time, or something was lost. `excluded`: a rule says that it isn't recorded. `unanswered`:
# nobody spoke. `no_audio`: a call without audio. `erased`: on which day, by which rule. `not_identified`: too little is
# known to tell which call it is.
Absence = Literal["never_seen", "not_recording", "excluded", "unanswered", "no_audio", "erased", "not_identified"]
Medium = Literal["dvd_r", "cd_r", "usb", "other"]
Packing = Literal["folder", "zip", "iso"]
Ending = Literal["crushed", "erased", "returned", "other"]

# What a complaint is about: that calls are recorded at all, how recordings are treated, or one call.
About = Literal["recording", "handling", "call"]
Came = Literal["phone", "letter", "counter", "mail", "other"]

ASKS, OUTCOMES, ABSENCES = get_args(Asks), get_args(Outcome), get_args(Absence)
MEDIA, PACKINGS, ENDINGS = get_args(Medium), get_args(Packing), get_args(Ending)
ABOUTS, CAME = get_args(About), get_args(Came)
# By what a person showed who he is.
Means = Literal["my_number_card", "driving_licence", "passport", "residence_card", "two_others", "known_in_person"]
MEANS = get_args(Means)
