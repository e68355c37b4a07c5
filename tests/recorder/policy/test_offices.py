"""All seventeen offices: through when a call is kept, and where the profile has that from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recorder.cli import program
from recorder.policy import choosing, offices
from recorder.policy.explain import explain
from recorder.policy.value import from_json, to_json
from recorder.problems import Unusable
from recorder.settings import Policy as Chosen
from recorder.settings import Settings, UnusableSettings, check, load
from recorder.settings.files import check_profile, faults_of
from storage.retention.rules import Capacity, Days, EarlierOf, Minimum, Months

ROOT = Path(__file__).resolve().parents[3]
NAMES = [
    "akitakata", "hachioji", "hashima", "hyogo", "kami", "kitahiroshima", "koshigaya", "kumamoto", "matsumoto",
    "nagahama", "nagakute", "osaka-water", "saitama", "shichigahama", "shinagawa", "tsu", "yamagata",
]  # fmt: skip
FROM_TEXT = {
    "yamagata": "000_90d760fbe23bd577.txt", "kumamoto": "001_d0c839be0f7a13e8.txt",
    "matsumoto": "002_1ba8b112b5b229fd.txt", "saitama": "003_e96216f4cdaedc85.txt",
    "shinagawa": "004_1408f76f6628b77a.txt",
}  # fmt: skip
THREE_MONTHS = {
    "2025-11-15": "2026-02-15", "2025-11-30": "2026-02-28", "2025-11-29": "2026-02-28", "2023-11-29": "2024-02-29",
    "2024-02-29": "2024-05-31", "2026-03-31": "2026-06-30",
}  # fmt: skip
NEXT_MONTH_END = {
    "2026-01-31": "2026-02-28", "2026-01-01": "2026-02-28", "2024-01-31": "2024-02-29", "2025-12-31": "2026-01-31",
    "2026-02-28": "2026-03-31", "2026-04-30": "2026-05-31",
}  # fmt: skip
ONE_MONTH = {
    "2026-01-31": "2026-02-28", "2026-01-30": "2026-02-28", "2024-01-30": "2024-02-29", "2026-02-28": "2026-03-31",
    "2026-03-30": "2026-04-30", "2026-03-31": "2026-04-30", "2025-12-15": "2026-01-15",
}  # fmt: skip
THIRTY_DAYS = {"2026-01-31": "2026-03-02", "2024-01-31": "2024-03-01", "2025-12-15": "2026-01-14"}
NINETY_DAYS = {"2026-01-01": "2026-04-01", "2023-12-01": "2024-02-29", "2025-11-15": "2026-02-13"}
UNTIL_OVERWRITTEN = {"2025-11-15": None, "2024-02-29": None}
KEPT_THROUGH: dict[str, dict[str, str | None]] = {
    "akitakata": {**ONE_MONTH},
    "hachioji": {**THIRTY_DAYS},
    "hashima": {**THREE_MONTHS},
    "hyogo": {**NEXT_MONTH_END},
    "kami": UNTIL_OVERWRITTEN,
    "kitahiroshima": {**ONE_MONTH},
    "koshigaya": {**NINETY_DAYS},
    "kumamoto": {**NINETY_DAYS},
    "matsumoto": {**THREE_MONTHS},
    "nagahama": {**THIRTY_DAYS},
    "nagakute": UNTIL_OVERWRITTEN,
    "osaka-water": {"2025-11-15": "2026-11-15", "2025-08-31": "2026-08-31", "2023-08-30": "2024-08-31",
                    "2024-02-29": "2025-02-28"},
    "saitama": {**NEXT_MONTH_END},
    "shichigahama": {"2025-12-25": "2026-01-04", "2024-02-20": "2024-03-01", "2026-02-20": "2026-03-02"},
    "shinagawa": UNTIL_OVERWRITTEN,
    "tsu": {**THREE_MONTHS},
    "yamagata": UNTIL_OVERWRITTEN,
}  # fmt: skip
CASES = [(name, recorded, through) for name, cases in KEPT_THROUGH.items() for recorded, through in cases.items()]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(program, ["policy", *arguments], standalone_mode=False)


def expiry(*arguments: str) -> dict[str, Any]:
    result = run("expiry", *arguments, "--json")
    assert result.return_value == 0, result.exception
    [line] = result.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_there_are_seventeen() -> None:
    assert offices.names() == NAMES == sorted(KEPT_THROUGH)


@pytest.mark.parametrize("name, recorded, through", CASES)
def test_through_when_a_call_is_kept(name: str, recorded: str, through: str | None) -> None:
    for time in ("", "T00:00:00", " 09:15", "T23:59:59.999999+09:00"):
        found = expiry("--office", name, "--recorded", recorded + time)

        assert found["kept_through"] == through
        assert found["rule"] and found["article"]
        assert found["at_least"] == (name == "hashima")


@pytest.mark.parametrize("recorded, through", [
    ("2026-03-31", "2027-03-31"), ("2026-04-01", "2028-03-31"), ("2025-04-01", "2027-03-31"),
    ("2026-03-31T15:00:00Z", "2028-03-31"),  # midnight in Japan: the new fiscal year
])  # fmt: skip
def test_saitamas_copies_are_kept_to_the_end_of_the_next_fiscal_year(recorded: str, through: str) -> None:
    found = expiry("--office", "saitama", "--recorded", recorded, "--copy")

    assert (found["kept_through"], found["article"]) == (through, "第4条第6項第2号")


def test_copies_elsewhere() -> None:
    assert expiry("--office", "kitahiroshima", "--recorded", "2024-02-29", "--copy")["kept_through"] == "2029-02-28"
    yamagata = expiry("--office", "yamagata", "--recorded", "2024-02-29", "--copy")
    assert (yamagata["kept_through"], yamagata["rule"]) == (None, "until the purpose is met")
    assert yamagata["article"] == "第9条第4項"
    assert expiry("--office", "tsu", "--recorded", "2024-02-29", "--copy")["rule"] == "no period is stated"


@pytest.mark.parametrize("arguments, sentence", [
    (["--office", "matsumto", "--recorded", "2026-01-01"],
     "There is no office 'matsumto'; did you mean matsumoto. List all with: recorder policy offices"),
    (["--office", "kumamoto", "--recorded", "yesterday"], "'yesterday' is no time. Write it as 2026-11-22"),
    (["--office", "kumamoto", "--recorded", "2026-02-30"], "'2026-02-30' is no time."),
    (["--office", "kumamoto", "--recorded", "9999-01-01"], "'9999-01-01' is too far away."),
    (["--office", "./none.toml", "--recorded", "2026-01-01"], "none.toml: No such file or directory."),
])  # fmt: skip
def test_an_unusable_argument_is_told_in_one_sentence(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(program, ["policy", "expiry", *arguments])

    assert result.exit_code == 2
    assert sentence in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_usable_and_says_by_which_article(name: str) -> None:
    profile = offices.load(name)
    policy = choosing.policy_of_office(name)

    assert check_profile(offices.find(name).read_bytes()) == []
    assert from_json(to_json(policy)) == policy and policy.profile == name
    assert (profile.regulation.source == "text") == (name in FROM_TEXT)
    if profile.regulation.source != "text":
        assert profile.regulation.note, "where it is from, if not from its text"
    for line in explain(profile):
        assert line.article or line.topic in ("regulation", "extension", "copies"), line


@pytest.mark.parametrize("name", FROM_TEXT)
def test_each_article_that_a_profile_names_is_in_the_text(name: str, shared_folder: Path) -> None:
    """Not that it says so: that was read; but that no number was mistyped."""
    text = (shared_folder / "regulations" / FROM_TEXT[name]).read_text("utf-8")
    text = re.sub(r"\s", "", text).translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    articles = {line.article for line in explain(offices.load(name))} - {""}
    named = {found for article in articles for found in re.findall(r"(?<!民法)(?<!、)第(\d+)条", article)}

    assert named - set(re.findall(r"第(\d+)条", text)) == set()
    title = re.sub(r"\s", "", offices.load(name).regulation.title)
    assert title in text.replace("(案)", "")


def test_explain_says_the_rule_with_its_article() -> None:
    result = run("explain", "kumamoto")
    english = run("explain", "kumamoto", "--english")

    assert "90日間保存し、その後消去する。ただし、容量が足りなくなったときは" in result.stdout
    assert "（第4条第2項）" in result.stdout
    assert "Recordings are kept: 90 days or until the room is needed, whichever is earlier. [" in english.stdout
    topics = [json.loads(line)["topic"] for line in run("explain", "matsumoto", "--json").stdout.splitlines()]
    assert {"retention", "ground", "condition", "never", "role", "duty"} <= set(topics)


def test_matsumoto_extends_on_four_grounds() -> None:
    grounds = [ground for ground in offices.load("matsumoto").grounds if ground.extend]

    assert [ground.name for ground in grounds] == ["law", "investigation", "mayor", "disclosure"]
    assert {ground.extend for ground in grounds} == {"第7条第5項"}


def test_offices_are_listed() -> None:
    lines = run("offices").stdout.splitlines()

    assert [line.split()[0] for line in lines] == NAMES
    assert "熊本市 (Kumamoto City): 90 days" in lines[NAMES.index("kumamoto")]
    assert len(run("offices", "--json").stdout.splitlines()) == 17


def test_a_profile_is_a_configuration_that_chooses_its_office(tmp_path: Path) -> None:
    path = ROOT / "config" / "offices" / "kumamoto.toml"

    settings = load(path)
    result = CliRunner().invoke(program, ["config", "check", str(path)], standalone_mode=False)

    assert settings == Settings(policy=Chosen(office=str(path)))
    assert choosing.policy_of(settings.policy) == choosing.policy_of_office("kumamoto")
    assert result.return_value == 0 and result.stdout == f"{path} is usable.\n"


def test_replay_takes_a_profile_for_its_configuration(tmp_path: Path, demo_capture: Path) -> None:
    result = CliRunner().invoke(
        program, ["replay", "--store", str(tmp_path / "store"), "--config",
                  str(ROOT / "config" / "offices" / "saitama.toml"), str(demo_capture)], standalone_mode=False,
    )  # fmt: skip

    assert result.return_value == 0, result.exception


OFFICE = '[office]\nname = "市"\nreading = "し"\nenglish = "City"\n[regulation]\ntitle = "要綱"\nsource = "text"\n'


@pytest.mark.parametrize("rest, fault", [
    ("", "1: retention: Field required"),
    ("[retention]\ndays = 90\n", "8: retention: retention needs an article"),
    ("[retention]\narticle = 'x'\n", "8: retention: retention needs a period or a capacity"),
    ("[retention]\narticle = 'x'\nday = 90\n",
     "10: retention.day: there is no such key; did you mean retention.days?"),
    ("[retention]\narticle = 'x'\ndays = 0\n", "8: retention: days must be a whole number from 1 to 37200, not 0"),
    ("[retention]\narticle = 'x'\ndays = 9\nmonths = 1\n",
     '8: retention: of several periods, say which counts: whichever = "earlier" or "later"'),
    ("[retention]\narticle = 'x'\nminimum = true\n", "10: retention.minimum: a minimum needs a period"),
    ("[retention]\narticle = 'x'\nmonths = 6\n[retention.second]\nmonth = 6\n",
     "12: retention.second.month: there is no such key; did you mean retention.second.months?"),
    ("[retention]\narticle = 'x'\ndays = 1\n[[grounds]]\nname = 'a'\ntitle = 'b'\narticle = 'c'\n",
     "11: grounds[0]: a ground allows at least one act"),
    ("[retention]\narticle = 'x'\ndays = 1\n"
     "[[grounds]]\nname = 'a'\ntitle = 'b'\narticle = 'c'\ncopy = 'd'\nform = 'e'\n",
     "16: grounds[0].form: there is no form e"),
    ("[retention]\narticle = 'x'\ndays = 1\n[[duties]]\nduty = 'sing'\nsays = 'b'\narticle = 'c'\n",
     '12: duties[0].duty: must be "publish", '),
])  # fmt: skip
def test_a_fault_of_a_profile_is_told_by_line_and_key(rest: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "office.toml"
    path.write_text(OFFICE + rest, "utf-8")

    assert [str(found)[: len(fault)] for found in faults_of(path.read_bytes())] == [fault]
    with pytest.raises(UnusableSettings):
        offices.load(str(path))
    with pytest.raises(UnusableSettings):
        load(path)


def faults(text: str) -> list[str]:
    return [str(fault) for fault in check(text.encode())[1]]


@pytest.mark.parametrize("text, fault", [
    ("[policy]\noffice = 'kumamot'\n",
     "2: policy.office: There is no office 'kumamot'; did you mean kumamoto. List all with: recorder policy offices"),
    ("[policy]\noffice = './none.toml'\n", "2: policy.office: ./none.toml: No such file or directory"),
    ("[policy]\noffice = 'config/recorder.toml'\n", "2: policy.office: config/recorder.toml:"),
    ("[policy]\n[[policy.rules]]\nsections = ['税務課']\ndays = 3\n",
     "3: policy.rules[0].sections: there is no section 税務課; name it under [[sections]]"),
    ("[[policy.rules]]\ndays = 3\n[[policy.rules]]\nlines = ['03.']\ndays = 2\n",
     "1: policy.rules[0]: a rule for no sections, extensions or lines is for all others, and must be the last"),
    ("[[policy.rules]]\nlines = ['03-']\ndays = 2\n", "2: policy.rules[0].lines[0]: must be a number, with X"),
    ("[[policy.rules]]\nlines = ['03.']\n", "1: policy.rules[0]: a rule needs a period or a capacity"),
    ("[ring]\nbytes = 1000\nhours = 5\n", "1: ring: bytes and hours can't both be set"),
    ("[ring]\nshare = 0\n", "2: ring.share: must be more than 0, not 0"),
    ("[ring]\nerase_hour = 24\n", "2: ring.erase_hour: must be at most 23, not 24"),
])  # fmt: skip
def test_a_fault_of_the_settings_is_told_by_line_and_key(
    text: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    assert [found[: len(fault)] for found in faults(text)] == [fault]


def test_own_rules_come_before_the_offices() -> None:
    settings, found = check(
        '[policy]\noffice = "kumamoto"\n[[policy.rules]]\nsections = ["税務課"]\nmonths = 6\narticle = "内規1"\n'
        '[[policy.rules]]\nlines = ["0963282XXX"]\ndays = 30\nminimum = true\n'
        '[[sections]]\nname = "税務課"\nextensions = ["21XX"]\n'.encode()
    )  # fmt: skip
    assert settings is not None, found

    policy = choosing.policy_of(settings.policy)

    assert policy is not None and policy.office == "熊本市"
    assert [one.rule for one in policy.rules] == [
        Months(6, "内規1"), Minimum(Days(30)),
        EarlierOf((Days(90, "第4条第2項"), Capacity(article="第4条第2項")), "第4条第2項"),
    ]  # fmt: skip


def test_a_rule_of_ones_own_for_everybody_stands_for_the_offices() -> None:
    settings, _ = check(b'[policy]\noffice = "kumamoto"\n[[policy.rules]]\nyears = 1\n')
    assert settings is not None

    policy = choosing.policy_of(settings.policy)

    assert policy is not None and [one.rule for one in policy.rules] == [Months(12)]


def test_nothing_chosen_is_no_policy() -> None:
    assert choosing.policy_of(Settings().policy) is None


def test_the_ring_is_a_share_of_the_disk_unless_bytes_or_hours_are_set() -> None:
    for text, capacity in (
        (b"", Capacity(share=0.9)), (b"[ring]\nbytes = 1000\n", Capacity(bytes=1000)),
        (b"[ring]\nhours = 1200\nshare = 0.5\n", Capacity(hours=1200)),
    ):  # fmt: skip
        settings, _ = check(text)
        assert settings is not None and settings.ring.capacity() == capacity


def test_a_path_is_taken_for_a_path() -> None:
    assert offices.find("./kumamoto") == Path("./kumamoto")
    with pytest.raises(Unusable):
        offices.find("x")


def test_profiles_come_with_the_package(tmp_path: Path) -> None:
    """An installed program has no source tree beside it."""
    source = tmp_path / "source"
    for folder in ("capture", "storage", "recorder", "config"):  # a copy: building leaves files beside what it builds
        shutil.copytree(ROOT / folder, source / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--disable-pip-version-check", "--wheel-dir", str(tmp_path), str(source)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")

    listed = subprocess.run(
        [sys.executable, "-c", "import sys; from recorder.policy import offices; "
         "print(offices.__file__); print(*offices.names()); print(offices.load('kumamoto').office.name)"],
        capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PYTHONUTF8": "1"},
    )  # fmt: skip

    where, names, office = listed.stdout.splitlines()
    assert where.startswith(str(tmp_path)) and names.split() == NAMES and office == "熊本市"
