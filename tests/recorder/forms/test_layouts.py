"""Layouts that an office writes itself: what they may say, and what is told when they say something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from recorder.cli import program
from recorder.door.cases import entries
from recorder.forms import Call, Facts, Person, fill, load_forms
from recorder.forms.loading import LAYOUTS, faults_of, is_layout
from recorder.forms.vocabulary import kinds
from recorder.policy import offices
from tests.recorder.forms.reading import said_by

ROOT = Path(__file__).parents[3]
HEAD = 'title = "照会書"\nkind = "other"\n'


def faults(blocks: str) -> list[str]:
    return [str(one) for one in faults_of((HEAD + blocks).encode())]


@pytest.mark.parametrize("blocks, said", [
    ('[[blocks]]\nline = "{call.dya}"\n', "4: blocks[0].line: there is no fact {call.dya}; did you mean {call.day}?"),
    ('[[blocks]]\nline = "{call.day:bth}"\n',
     '4: blocks[0].line: {call.day} has no format "bth"; there are: era, both, plain, weekday'),
    ('[[blocks]]\nline = "{"\n',
     "4: blocks[0].line: a brace { } belongs to no placeholder; one is written {call.day} or {call.day:both}"),
    ('[[blocks]]\nline = "a"\nonly_with = ["reasom"]\n',
     '5: blocks[0].only_with[0]: there is no fact "reasom"; did you mean "reason"?'),
    ('[[blocks]]\nlin = "a"\n', "4: blocks[0].lin: there is no such key; did you mean blocks[0].line?"),
    ('[[blocks]]\nalign = "left"\n', "3: blocks[0]: a block has one of: title, line, table, list, stamps"),
    ('[[blocks]]\nline = "a"\ntitle = "b"\n', "3: blocks[0]: a block has one of: title, line, table, list, stamps"),
    ('[[blocks]]\nwidths = [1, 1]\ntable = [\n  [{head = "a"}],\n]\n',
     "5: blocks[0].table: row 1 doesn't fill the table's 2 columns"),
    ('[[blocks]]\nwidths = [1]\ntable = [\n  [{head = "a", columns = 2}],\n]\n',
     "5: blocks[0].table: row 1 has a field that doesn't fit into the table"),
    ('[[blocks]]\nline = "a"\nof = "choice"\n', "5: blocks[0].of: of and choices belong together"),
    ('[[blocks]]\nline = "a"\nof = "colour"\nchoices = [{text = "x"}]\n', "5: blocks[0].of: must be "),
    ('[[blocks]]\nwidths = [1, 1]\ntable = [[{head = "a"}, {head = "b", text = "c"}]]\n',
     "5: blocks[0].table[0][1].head: a field has a head, or text and choices"),
])  # fmt: skip
def test_a_slip_is_named_with_its_line_and_key(blocks, said):
    [found, *_] = faults(blocks)

    assert found.startswith(said)


def test_every_fault_of_a_layout_is_told():
    assert len(faults('[[blocks]]\nline = "{a}"\n\n[[blocks]]\nline = "{b}"\n')) == 2


@pytest.mark.parametrize("data", [
    b"", b"\xff\xfe", b"[" * 100_000, b"blocks = 1", b"[[blocks]]\n" * 70_000, b'title = "a"\nkind = "x"\nblocks = [1]',
    HEAD.encode() + b'[[blocks]]\ntable = [[[[1]]]]\nwidths = [1]', b"a" * 300_000,
    HEAD.encode() + b'[[blocks]]\nwidths = [1]\ntable = [' + b'[{rows = 100}],' * 3000 + b"]",
], ids=range(9))  # fmt: skip
def test_no_file_is_more_than_a_fault(data):
    assert faults_of(data)


def test_an_office_changes_the_wording_and_adds_a_form_without_code(tmp_path):
    original = (LAYOUTS / "yamagata" / "request.toml").read_text("utf-8")
    (tmp_path / "request.toml").write_text(original.replace("提供を依頼します", "提供をお願いいたします"), "utf-8")
    (tmp_path / "inquiry.toml").write_text(
        f'{HEAD}[[blocks]]\ntitle = "照会書"\n\n[[blocks]]\nline = "{{applicant.title}}　様　{{call.day:weekday}}"\n',
        "utf-8",
    )
    facts = Facts(applicant=Person(section="税務課", post="課長"), calls=(Call(),))

    before, forms = load_forms("yamagata"), load_forms("yamagata", tmp_path)

    assert "お願いいたします" in said_by(fill(forms["request"], facts))
    assert "お願いいたします" not in said_by(fill(before["request"], facts))
    assert said_by(fill(forms["inquiry"], facts)).startswith("照会書税務課長　様　")
    assert set(forms) == {*before, "inquiry"} and forms["inquiry"].is_own


def test_a_faulty_layout_leaves_the_one_that_was_there_and_is_told(tmp_path):
    """A slip in one form stops none of the others."""
    (tmp_path / "request.toml").write_text(HEAD + '[[blocks]]\nline = "{nothing}"\n', "utf-8")
    (tmp_path / "Brief.toml").write_text(HEAD + '[[blocks]]\nline = "a"\n', "utf-8")

    forms = load_forms("yamagata", tmp_path)

    assert forms["request"].title == "通話録音データ提供依頼書" and "Brief" not in forms
    where = [said.partition(": ")[0] for said in forms.faults]
    assert where == [f"{tmp_path}/Brief.toml:1", f"{tmp_path}/request.toml:4"]
    assert load_forms("yamagata", tmp_path / "none").faults == (f"{tmp_path}/none: No such file or directory.",)


def test_a_layout_is_told_from_settings_and_profiles():
    assert all(is_layout(path.read_bytes()) for path in LAYOUTS.rglob("*.toml"))
    assert not any(is_layout(path.read_bytes()) for path in (ROOT / "config").rglob("*.toml"))


def test_config_check_checks_a_layout_and_the_folder_that_the_settings_name(tmp_path):
    forms = tmp_path / "forms"
    forms.mkdir()
    (forms / "inquiry.toml").write_text(HEAD + '[[blocks]]\nline = "{call.dya}"\n', "utf-8")
    (tmp_path / "recorder.toml").write_text(f'[desk]\nforms = "{forms}"\n', "utf-8")
    run = CliRunner()

    layout = run.invoke(program, ["config", "check", str(forms / "inquiry.toml")], standalone_mode=False)
    settings = run.invoke(program, ["config", "check", str(tmp_path / "recorder.toml")], standalone_mode=False)
    (forms / "inquiry.toml").write_text(HEAD + '[[blocks]]\nline = "{call.day}"\n', "utf-8")
    mended = run.invoke(program, ["config", "check", str(tmp_path / "recorder.toml")])

    said = f"{forms}/inquiry.toml:4: blocks[0].line: there is no fact {{call.dya}}; did you mean {{call.day}}?\n"
    assert [(one.return_value, one.stderr) for one in (layout, settings)] == [(1, said)] * 2
    assert (mended.exit_code, mended.stdout) == (0, f"{tmp_path}/recorder.toml is usable with {forms}.\n")


def test_the_command_lists_and_shows(tmp_path):
    run = CliRunner()

    listed = run.invoke(program, ["form", "list", "--office", "kumamoto", "--json"])
    out = tmp_path / "form.pdf"
    made = run.invoke(program, [
        "form", "show", "application", "--office", "kumamoto", "--out", str(out), "--set", "call.day=R8.11.20",
        "--set", "call.time=午後2時5分", "--set", "call.seconds=3分20秒", "--set", "applicant.section=税務課",
    ])  # fmt: skip
    shown = run.invoke(program, ["form", "show", "application", "--office", "kumamoto", "--set", "call.time=14:05"])

    forms = [json.loads(line) for line in listed.stdout.splitlines()]
    assert {
        "name": "reply", "kind": "reply", "title": "電話録音データ取出し回答書", "number": "様式第2号",
        "article": "第6条関係", "own": True,
    } in forms  # fmt: skip
    assert (made.exit_code, made.stdout) == (0, "") and out.read_bytes().startswith(b"%PDF-")
    assert "14時05分" in shown.stdout and shown.stdout.startswith("<!doctype html>")


@pytest.mark.parametrize("arguments, said", [
    (["no-such"], "There is no form 'no-such'. List all with: recorder form list"),
    (["reply", "--set", "call.dya=1"], 'There is no fact "call.dya"; did you mean "call.day"?'),
    (["reply", "--set", "call.day=soon"], "call.day must be a day, not 'soon'."),
    (["reply", "--set", "x"], "'x' isn't NAME=VALUE, as in call.day=R8.11.20."),
    (["reply", "--set", "is_stored=perhaps"], "is_stored must be yes or no, not 'perhaps'."),
    (["reply", "--set", "applicant.title=x"], "applicant.title follows from section and post; give these."),
    (["reply", "--blank", "--set", "reason=x"], "--blank and --set don't go together."),
    (["reply", "--out", "form.txt"], "form.txt isn't .html, .pdf or .docx. Say which with --format."),
])  # fmt: skip
def test_a_wrong_command_meets_one_sentence(arguments, said):
    found = CliRunner().invoke(program, ["form", "show", *arguments, "--office", "kumamoto"])

    assert (found.exit_code, found.stderr) == (2, f"recorder: {said}\n")


def test_what_can_be_chosen_is_what_the_door_and_the_profiles_call_it():
    """Else a ring would be missing, in silence."""
    words = {
        "identity.means": set(entries.MEANS), "outcome": set(entries.OUTCOMES), "medium": set(entries.MEDIA),
        "copy.medium": set(entries.MEDIA), "ended_how": set(entries.ENDINGS),
        "handed_how": {"by_hand", "post", "other"},
    }  # fmt: skip
    for name in ("is_stored", "are_accepted", "identity.is_agent", "identity.is_identified", "agency.was_confirmed"):
        words[name] = {"yes", "no"}
    for office in offices.names():
        profile = offices.load(office)
        words["ground"] = {ground.name for ground in profile.grounds}
        words["choice"] = {choice for form in profile.forms for choice in form.choices}
        for form in load_forms(office).values():
            for block in form.layout.blocks:
                for one in (block, *(field for row in block.table for field in row)):
                    chosen = {choice.when or choice.text for choice in one.choices}
                    assert not chosen or chosen <= words[one.of], (office, form.name, one.of)


def test_every_fact_is_in_the_document():
    """docs/forms.md is where an office looks for the names."""
    text = (ROOT / "docs" / "forms.md").read_text("utf-8")

    assert [name for name in kinds() if f"`{name}`" not in text and f"`{name.rpartition('.')[2]}`" not in text] == []
