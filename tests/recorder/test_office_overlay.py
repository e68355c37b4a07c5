"""What the office changed at the desk, beside the engineer's settings: which of the two counts; a bad one."""

from __future__ import annotations

import hashlib

import pytest
from click.testing import CliRunner

from recorder.cli.announce import command as announce
from recorder.cli.config import check_command
from recorder.cli.desk import command as desk
from recorder.cli.door import command as door
from recorder.daemon.office import OfficeFile
from recorder.housekeeping import office
from recorder.problems import Unusable
from recorder.settings import load, load_anyway

ENGINEERS = '[lines]\nnever_record = ["2101"]\nextensions = ["2XXX"]\n[policy]\noffice = "matsumoto"\n'


@pytest.fixture
def files(tmp_path):
    config, changes = tmp_path / "recorder.toml", tmp_path / "office.toml"
    config.write_text(f'{ENGINEERS}[desk]\nchanges = "{changes}"\n', "utf-8")
    return config, changes


def test_a_key_of_the_office_s_takes_the_place_of_the_engineer_s_and_no_other(files):
    config, changes = files
    alone = load(config)
    changes.write_text('[lines]\nnever_record = ["2199"]\n', "utf-8")
    both = load(config)

    assert alone.lines.never_record == ("2101",)
    assert both.lines.never_record == ("2199",) and both.lines.extensions == ("2XXX",)
    assert both.policy.office == "matsumoto"


@pytest.mark.parametrize("text", [
    "[lines\n", '[lines]\nnever_record = ["abc"]\n', '[recording]\nstore = "/elsewhere"\n', "\udcff",
    '[policy]\noffice = "nowhere"\n', '[[policy.rules]]\nsections = ["税務課"]\ndays = 3\n', "lines = 3\n",
])  # fmt: skip
def test_a_bad_one_is_refused_by_commands_and_stops_no_service(files, text):
    config, changes = files
    data = text.encode("utf-8", "surrogateescape")
    changes.write_bytes(data)

    with pytest.raises(Unusable, match=r"office\.toml"):
        load(config)
    settings, said = load_anyway(config)
    [alarm] = office.alarms(config)
    told = CliRunner().invoke(check_command, [str(config)], standalone_mode=False)

    assert settings.lines.never_record == ("2101",) and "office.toml" in said
    assert alarm.code == "office_settings_bad" and "office.toml" in alarm.meaning("ja")
    assert told.return_value == 1 and "office.toml" in told.output


def test_what_it_was_before_is_what_services_fall_back_on(files):
    config, changes = files
    changes.write_text("[lines\n", "utf-8")
    changes.with_name("office.toml.before").write_text('[lines]\nnever_record = ["2155"]\n', "utf-8")

    settings, said = load_anyway(config)

    assert settings.lines.never_record == ("2155",) and "before them are in force" in said


def test_a_good_one_is_usable_and_raises_no_alarm(files):
    config, changes = files
    changes.write_text('[lines]\nnever_record = ["2199"]\n', "utf-8")

    told = CliRunner().invoke(check_command, [str(config)], standalone_mode=False)

    assert office.alarms(config) == [] and told.return_value == 0 and f"with {changes}" in told.output


def test_services_see_within_a_second_that_it_was_written(tmp_path):
    changes = tmp_path / "office.toml"
    file = OfficeFile(str(changes))
    nothing = file.changed(1.0)
    changes.write_text("a = 1\n")
    early, first, again = file.changed(1.5), file.changed(2.0), file.changed(3.0)
    new = tmp_path / "new"
    new.write_text("a = 2\n")
    new.replace(changes)

    assert (nothing, early, first, again, file.changed(4.0)) == (False, False, True, False, True)


@pytest.mark.parametrize("command, arguments, gets_as_far_as", [
    (desk, ["--certificate", "/nowhere/a.pem", "--key", "/nowhere/b.pem"], "/nowhere/a.pem"),
    (door, ["--desk-user", "nobody-of-that-name"], "There is no user nobody-of-that-name"),
    (announce, ["--store", "."], "Nobody calls the announcement unit"),
])  # fmt: skip
def test_desk_door_and_announcements_start_with_a_bad_one(files, command, arguments, gets_as_far_as):
    config, changes = files
    changes.write_text("[lines\n", "utf-8")

    told = CliRunner().invoke(command, ["--config", str(config), *arguments])

    assert "alone are in force" in told.output and gets_as_far_as in told.output


def test_a_notice_that_isn_t_there_as_it_was_approved_makes_a_bad_one(files):
    config, changes = files
    changes.parent.joinpath("prompts").mkdir()
    prompt = changes.parent / "prompts" / f"{hashlib.sha256(b'sound').hexdigest()}.wav"
    changes.write_text(f'[notice]\nprompts = ["{prompt}"]\n', "utf-8")
    missing = load_anyway(config)
    prompt.write_bytes(b"sound")
    there = load_anyway(config)
    prompt.write_bytes(b"noise")
    altered = load_anyway(config)

    assert missing[0].notice.prompts == altered[0].notice.prompts == ()
    assert prompt.name in missing[1] and prompt.name in altered[1]
    assert there[0].notice.prompts == (prompt,) and there[1] == ""
