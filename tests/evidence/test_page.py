"""verify.html in a real Chromium, from file:// and without a network: as a court's expert opens it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from recorder.evidence.checking import check
from recorder.evidence.page import verifier
from tests.evidence.conftest import Made
from tests.evidence.packages import files_of
from tests.evidence.sealed_packages import COPY, ORIGINAL, TAMPERINGS, Packages, at_second
from tests.evidence.tampering import KINDS, WAV, Tampering, flipped
from tests.packages import require

ROOT = Path(__file__).resolve().parents[2]
Found = list[tuple[str, dict[str, str]]]
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-sync", "--no-first-run", "--no-pings",
)  # fmt: skip


class Page:
    """The page, opened once; each `check` gives it other files."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.asked: list[str] = []  # what it wanted from elsewhere
        page.on("request", lambda one: self.asked.append(one.url) if not one.url.startswith("file:") else None)

    def check(self, files: Mapping[str, bytes], key: str = "") -> Found:
        """What it says of these files, as codes with their values."""
        page = self.page
        page.evaluate("() => { document.getElementById('found').replaceChildren(); }")
        page.evaluate("(key) => { document.getElementById('key').value = key; }", key)
        page.set_input_files("#some", [])
        page.set_input_files(
            "#some",
            [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files.items()],
        )
        page.wait_for_selector("#verdict.good, #verdict.bad, #verdict.part")
        return [
            (one["code"], json.loads(one["values"]))
            for one in page.evaluate("Array.from(document.querySelectorAll('#found li'), (one) => ({...one.dataset}))")
        ]

    def verdict(self) -> str:
        return str(self.page.get_attribute("#verdict", "class"))


@pytest.fixture(scope="module")
def page(made: Made, sealed: Packages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page out of the package, offline. `sealed` is made first: it needs a loop, and the browser has one."""
    chromium = require("chromium")
    api = pytest.importorskip("playwright.sync_api", reason="tool missing: pip install playwright")
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(made.files["verify.html"])
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        context = browser.new_context(offline=True)
        one = context.new_page()
        faults: list[str] = []
        one.on("pageerror", lambda problem: faults.append(str(problem)))
        opened = Page(one)
        one.goto(path.as_uri())
        yield opened
        browser.close()
    assert faults == []
    assert opened.asked == []


def in_order(remarks: Found) -> Found:
    """In one order: the page's is by what a remark is about."""
    return sorted(remarks, key=repr)


def ours(files: Mapping[str, bytes], key: str | None) -> Found:
    return in_order([(one.code, dict(one.values)) for one in check(files, published=key)])


def test_an_untouched_package_is_accepted(page: Page, made: Made) -> None:
    found = page.check(made.files, made.published)

    assert page.verdict() == "good"
    proved = {"signed", "published", "cosigned", "included", "stamped", "facts_proved", "audio_proved", "files_whole"}
    assert proved <= {code for code, _ in found}
    assert in_order(found) == ours(made.files, made.published)
    shown = page.page.inner_text("body")
    assert "この録音は、登録されたときのままです。" in shown
    assert "This recording is as it was entered." in shown
    assert "0312345678" in shown  # the caller, out of the facts


def test_a_flipped_bit_is_named_with_file_and_second(page: Page, made: Made) -> None:
    files = {**made.files, WAV: flipped(made.files[WAV], 4096 + 7 * 32_000 + 5)}

    page.check(files, made.published)

    assert page.verdict() == "bad"
    shown = page.page.inner_text("#found")
    assert f"録音 {WAV} は変わっています。最初に変わっているのは、先頭から 7 秒と 8 秒の間（09:15:09）です。" in shown
    assert f"The recording {WAV} was altered, first between second 7 and second 8 (09:15:09)." in shown


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_tampering_is_found_as_by_the_program(page: Page, made: Made, kind: Tampering) -> None:
    files = dict(made.files)
    kind.act(files)

    found = page.check(files, made.published)

    assert page.verdict() == "bad"
    assert (kind.code, kind.file) in [(code, values.get("file")) for code, values in found]
    assert in_order(found) == ours(files, made.published)


def test_without_a_known_key_the_page_shows_which_to_compare(page: Page, made: Made) -> None:
    found = page.check(made.files)

    assert page.verdict() == "part"  # whoever forges everything has keys, too
    assert ("key_unknown", {"key": made.published}) in found


def test_the_page_says_the_sentences_of_the_program(page: Page, made: Made) -> None:
    page.check(made.files, made.published)

    shown = page.page.inner_text("#found")
    for remark in check(made.files, published=made.published):
        assert remark.text("ja") in shown
        assert remark.text("en") in shown


def test_names_and_texts_of_strangers_stay_text(page: Page, made: Made) -> None:
    page.check({**made.files, "<img src=x onerror=alert(1)>.txt": b"x"}, made.published)

    assert page.page.locator("#found img").count() == 0
    assert "<img src=x onerror=alert(1)>.txt" in page.page.inner_text("#found")


def test_the_page_is_the_same_for_every_call(made: Made) -> None:
    """So an expert can have it from elsewhere."""
    assert made.files["verify.html"] == made.other["verify.html"] == verifier.page()


def test_the_page_names_nothing_to_be_fetched() -> None:
    text = verifier.page().decode()

    assert "default-src 'none'" in text
    assert "fetch(" not in text and "XMLHttpRequest" not in text and " src=" not in text and "import(" not in text


def test_a_sealed_recording_is_accepted_and_its_copy_called_a_copy(page: Page, sealed: Packages) -> None:
    found = page.check(sealed.with_copy)

    assert page.verdict() == "part"  # no key was given
    assert in_order(found) == ours(sealed.with_copy, None)
    shown = page.page.inner_text("#found")
    assert f"録音 {ORIGINAL} は封印されています。" in shown
    assert f"{COPY} は聴取用の複製で、原本は {ORIGINAL} です。" in shown
    assert f"{COPY} is a copy made for listening; the original is {ORIGINAL}." in shown
    assert in_order(page.check(sealed.without)) == ours(sealed.without, None)


def test_a_flipped_bit_of_a_sealed_recording_is_named(page: Page, sealed: Packages) -> None:
    files = {**sealed.with_copy, ORIGINAL: flipped(sealed.with_copy[ORIGINAL], at_second(7))}

    page.check(files)

    assert page.verdict() == "bad"
    shown = page.page.inner_text("#found")
    assert f"The sealed recording {ORIGINAL} was altered, first in what was written after second 6 (09:15:08)." in shown


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_each_tampering_with_a_sealed_one_is_found_as_by_the_program(page: Page, sealed: Packages, kind: str) -> None:
    act, code, file, _ = TAMPERINGS[kind]
    files = dict(sealed.with_copy)
    act(files)

    found = page.check(files)

    assert (code, file) in [(code, values.get("file")) for code, values in found]
    assert in_order(found) == ours(files, None)


def test_any_flipped_bit_of_a_sealed_recording_is_found_as_by_the_program(page: Page, sealed: Packages) -> None:
    seed = random.randrange(1 << 32)
    luck, size = random.Random(seed), len(sealed.with_copy[ORIGINAL])
    for _ in range(10):
        files, place = dict(sealed.with_copy), luck.choice([luck.randrange(148), luck.randrange(size)])
        files[ORIGINAL] = flipped(files[ORIGINAL], place, 1 << luck.randrange(8))

        assert in_order(page.check(files)) == ours(files, None), f"seed {seed}: byte {place}"


def test_a_package_with_the_calls_packets_is_accepted_and_a_bit_of_them_named(page: Page, tmp_path: Path) -> None:
    files = with_packets(tmp_path)
    [pcap] = [name for name in files if name.endswith(".pcap")]
    found = page.check(files)
    assert page.verdict() != "bad" and in_order(found) == ours(files, None)

    touched = {**files, pcap: flipped(files[pcap], len(files[pcap]) - 9)}
    found = page.check(touched)

    assert page.verdict() == "bad"
    assert ("altered", pcap) in [(code, values.get("file")) for code, values in found]
    assert in_order(found) == ours(touched, None)


def with_packets(folder: Path) -> dict[str, bytes]:
    """A package of the first call of the capture that ships with the project, its packets kept beside it."""
    store, settings = folder / "store", folder / "recorder.toml"
    settings.write_text("[recording]\npackets = true\n")
    run("replay", "--store", store, "--config", settings, ROOT / "tests/captures/demo.pcap")
    [path, *_] = sorted(store.rglob("*.pcap"))
    call = path.stem.partition("-")[2]
    run("export", "--evidence", "--store", store, call, "--output", folder / "package", "--reason", "test")
    return files_of(folder / "package")


def run(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "recorder", *map(str, words)], cwd=ROOT, check=True, capture_output=True)
