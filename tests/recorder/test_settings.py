from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage import x25519

from recorder.settings import Settings, UnusableSettings, check, load
from recorder.settings.key_lines import KeyLines
from recorder.settings.shape import every_key

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_FILE = ROOT / "config" / "recorder.toml"


def faults(text: str) -> list[str]:
    """The faults of a file, as `config check` prints them behind the file's name."""
    settings, found = check(text.encode())
    assert (settings is None) == bool(found)
    return [str(fault) for fault in found]


def flat(table: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}.{key}": value for name, keys in table.items() for key, value in keys.items()}


def test_the_file_that_ships_equals_the_defaults() -> None:
    assert load(DEFAULT_FILE) == Settings()


def test_every_setting_stands_in_the_file_that_ships_and_has_a_comment() -> None:
    written = flat(tomllib.loads(DEFAULT_FILE.read_text("utf-8")))

    assert list(written) == list(every_key(Settings))
    lines = DEFAULT_FILE.read_text("utf-8").splitlines()
    keys = {key.rpartition(".")[2] for key in written}
    for number, line in enumerate(lines):
        if line.partition(" =")[0] in keys:
            above = lines[number - 1]  # its own comment, or a key with which it shares one
            assert above.startswith("#") or above.partition(" =")[0] in keys, line


def test_no_file_and_an_empty_file_are_the_same() -> None:
    assert check(b"") == (Settings(), [])


def test_values_arrive_as_what_they_are() -> None:
    settings, found = check(
        b'[recording]\nencoding = "g711"\n[media]\nsilence_ends_call_s = 30\n'
        b'[lines]\ntrunks = ["192.0.2.1", "2001:db8::/32"]\n[capture]\nvxlan_ports = []\n'
        b'[notice]\nprompts = ["/etc/recorder/notice.wav"]\nsearch_s = 30\n'
    )

    assert settings is not None and not found
    assert settings.recording.encoding == "g711"
    assert settings.media.silence_ends_call_s == 30.0
    assert settings.lines.trunks == (ip_network("192.0.2.1/32"), ip_network("2001:db8::/32"))
    assert settings.capture.vxlan_ports == ()
    assert settings.notice.prompts == (Path("/etc/recorder/notice.wav"),)
    assert settings.notice.search_s == 30.0


@pytest.mark.parametrize(
    "text, fault",
    [
        ("[limit]\n", "1: limit: there is no such table; did you mean limits?"),
        (
            "\n[media]\nsilence_ends_cal_s = 60\n",
            "3: media.silence_ends_cal_s: there is no such key; did you mean media.silence_ends_call_s?",
        ),
        ("[media]\nencoding = 'g711'\n", "2: media.encoding: there is no such key; did you mean recording.encoding?"),
        ("[recording]\nzzz = 1\n", "2: recording.zzz: there is no such key; there are: store, encoding, packets"),
        ("[recording]\nencoding = 'mp3'\n", '2: recording.encoding: must be "pcm16" or "g711", not "mp3"'),
        ("[recording]\nencoding = 16\n", '2: recording.encoding: must be "pcm16" or "g711", not 16'),
        ("recording = 1\n", "1: recording: must be a table, written [recording]"),
        ("[[media]]\n", "1: media: must be a table, written [media]"),
        ("media.early_audio_wait_s = '5'\n", '1: media.early_audio_wait_s: must be a number, not "5"'),
        ("[media]\nearly_audio_wait_s = true\n", "2: media.early_audio_wait_s: must be a number, not true"),
        ("[media]\nearly_audio_wait_s = nan\n", "2: media.early_audio_wait_s: must be a number, not nan"),
        ("[media]\nsilence_ends_call_s = 0\n", "2: media.silence_ends_call_s: must be more than 0, not 0"),
        ("[media]\nearly_audio_wait_s = 61\n", "2: media.early_audio_wait_s: must be at most 60, not 61"),
        ("[limits]\nsip_headers = 1.5\n", "2: limits.sip_headers: must be a whole number, not 1.5"),
        ("[limits]\nsip_headers = 1979-05-27\n", '2: limits.sip_headers: must be a whole number, not "1979-05-27"'),
        ("[limits]\nsip_headers = 0\n", "2: limits.sip_headers: must be at least 1, not 0"),
        ("[notice]\nprompts = [1]\n", "2: notice.prompts[0]: must be text in quotes, not 1"),
        ("[notice]\nsearch_s = 0\n", "2: notice.search_s: must be at least 5, not 0"),
        ("[capture]\nvxlan_ports = 4789\n", "2: capture.vxlan_ports: must be a list in square brackets, not 4789"),
        ("[capture]\nvxlan_ports = [\n  4789,  # ]\n  70000,\n]\n",
         "4: capture.vxlan_ports[1]: must be at most 65535, not 70000"),
        ("[lines]\ntrunks = ['192.0.2.1/24']\n",
         '2: lines.trunks[0]: must be an address, or a network such as "192.0.2.0/24" with no bit set beyond its '
         'length, not "192.0.2.1/24"'),
        ("[lines]\ntrunks = [167772160]\n", "2: lines.trunks[0]: must be text in quotes, not 167772160"),
        ("[numbers]\ncaller_headers = ['From', 'Contact']\n",
         '2: numbers.caller_headers[1]: must be "From", "P-Asserted-Identity", "Remote-Party-ID" or '
         '"P-Preferred-Identity", not "Contact"'),
        ("[numbers]\noutside_prefixes = ['0', '０']\n",
         '2: numbers.outside_prefixes[1]: must be one to four of 0 to 9, * and #, such as "0", not "０"'),
        ("[numbers]\noutside_prefixes = ['0\\n']\n".replace("'", '"'),
         "2: numbers.outside_prefixes[0]: must be one to four of 0 to 9, * and #, such as \"0\", not '0\\n'"),
        ("[numbers]\nwithheld = 'seal'\n",
         '1: numbers: withheld = "seal" needs recipients, the age public keys of those who may read the numbers'),
        ("[numbers]\nrecipients = ['age1xyz']\n", "2: numbers.recipients[0]: must be an age public key (age1...)"),
        ("[media\nx = 1\n", "1: expected ']' at the end of a table declaration"),
        ("[media]\nearly_audio_wait_s = \n", "2: invalid value"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_line_and_key(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_a_secret_key_pasted_by_mistake_is_not_shown() -> None:
    secret = str(x25519.Identity.generate())

    [fault] = faults(f'[numbers]\nrecipients = [\n  "{secret}",\n]\n')

    assert fault.startswith("3: numbers.recipients[0]: must be an age public key (age1...), not a secret key")
    assert secret not in fault


def test_numbers_can_be_sealed_for_who_has_a_key() -> None:
    public = str(x25519.Identity.generate().to_public())

    settings, found = check(f'[numbers]\nwithheld = "seal"\nrecipients = ["{public}"]\n'.encode())

    assert settings is not None and not found
    assert settings.numbers.recipients == (public,)


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = "[limits]\nsdp_bytes = 1\n[media]\nsilence = 3\n[lines]\ntrunks = 0\n"

    assert [fault.partition(":")[0] for fault in faults(text)] == ["2", "4", "6"]


def test_what_is_not_utf8_is_told_by_its_line() -> None:
    assert str(check(b"[media]\n# \xff\n")[1][0]) == "2: this is not UTF-8; save the file as UTF-8"


def test_a_value_full_of_control_codes_is_shown_harmlessly() -> None:
    [fault] = faults('[recording]\nencoding = "\\u001b[2J"\n')

    assert fault.isprintable()


def test_a_faulty_file_is_refused_with_the_command_that_shows_all(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[media]\na = 1\nb = 2\n")

    with pytest.raises(UnusableSettings) as refused:
        load(path)

    assert str(refused.value).endswith(f"(1 more). See all with: recorder config check {path}")
    assert len(refused.value.faults) == 2


BARE = st.text("abcXYZ019_-", min_size=1, max_size=6)
QUOTED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4).map(
    lambda text: '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'
)
VALUE = st.sampled_from([
    "1", "true", "1979-05-27T07:32:00Z", "''", "[1, 2]", '{a = "}", b = [1]}', '""""a"""""', '"a # ] \\" b"',
    "'''\na\n]#'''", '"""\n x\\""" y"""', "[\n1, # ]\n[2,\n3]]", "[ # a\n]", '["]", \n {x = "y"}]',
])  # fmt: skip
ITEM = st.tuples(
    st.sampled_from(["key", "table", "array", "comment"]), st.lists(BARE | QUOTED, min_size=1, max_size=2), VALUE
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, (*path, key))
        case [_, *_]:
            for number, inner in enumerate(value):
                yield from leaves(inner, (*path, number))
        case _:
            yield path


@given(st.lists(ITEM, max_size=12))
def test_the_line_scanner_follows_whatever_tomllib_takes(items: list[tuple[str, list[str], str]]) -> None:
    """What tomllib finds only once a line has been added stands on that line, or on those that the value takes."""
    text, where = "", dict[tuple[str | int, ...], range]()
    for kind, keys, value in items:
        name = " . ".join(keys)
        added = {
            "key": f" {name} = {value}  # c\n", "table": f"[{name}]\n", "array": f"[[ {name} ]]\n",
            "comment": "# [x]\n\n",
        }[kind]  # fmt: skip
        with contextlib.suppress(tomllib.TOMLDecodeError):
            before, after = set(leaves(tomllib.loads(text))), set(leaves(tomllib.loads(text + added)))
            lines = range(text.count("\n") + 1, (text + added).count("\n") + 1)
            where |= dict.fromkeys(after - before - {()}, lines)
            text += added

    found = KeyLines(text)

    assert {key: found.of(key) for key, lines in where.items() if found.of(key) not in lines} == {}


def test_a_time_stamp_is_not_believed_without_its_root_certificate() -> None:
    said = faults('[evidence]\ntimestamp_url = "http://tsa.example.jp/"\n')

    assert len(said) == 1
    assert "timestamp_ca_file, the root certificate of the authority" in said[0]
