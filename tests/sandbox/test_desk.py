"""The desk and its door under their units: a first manager logs in over HTTPS and hears a call; nobody gets past."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest

from tests.packages import require
from tests.sandbox.machine import GROUPS, USERS, Machine
from tests.sandbox.test_sandbox import refused


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        port: int = made.getsockname()[1]
        return port


def certificate(folder: Path) -> Path:
    """An office's own authority, and a certificate of it for this machine; the authority's certificate."""
    folder.mkdir()
    openssl = require("openssl")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run(*new, "-x509", "-days", "2", "-subj", "/CN=office", "-keyout", "ca.key", "-out", "ca.pem")
    run(*new, "-subj", "/CN=desk", "-keyout", "key.pem", "-out", "desk.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    run(*"x509 -req -in desk.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names".split(),
        "-out", "certificate.pem")  # fmt: skip
    for name in ("key.pem", "certificate.pem"):
        os.chown(folder / name, 0, GROUPS["recorder-desk"])
        (folder / name).chmod(0o640)
    return folder / "ca.pem"


class Office:
    """A machine with a call in its store, on which desk and door run."""

    def __init__(self, machine: Machine, capture: Path) -> None:
        self.machine = machine
        self.port = free_port()
        authority = certificate(machine.srv / "desk")
        machine.config.write_text(
            '[recording]\nstore = "/srv/recorder"\n[policy]\noffice = "matsumoto"\n'
            f'[desk]\nlisten = "127.0.0.1:{self.port}"\n'
            'certificate = "/srv/desk/certificate.pem"\nkey = "/srv/desk/key.pem"\n'
        )
        replayed = machine.recorder("recorder-capture", "replay", "--store", "/srv/recorder", str(capture))
        assert replayed.returncode == 0, replayed.stderr
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.client = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", verify=ssl.create_default_context(cafile=authority),
            trust_env=False, timeout=30, headers={"sec-fetch-site": "same-origin"},
        )  # fmt: skip

    def start(self) -> None:
        for name in ("recorder-door", "recorder-desk"):
            self.running[name] = self.machine.start(name)
            self.machine.wait_for("READY=1")

    def stop(self) -> dict[str, tuple[int, str]]:
        """Status and last words of each."""
        found = {}
        for name, process in self.running.items():
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
            found[name] = process.returncode, errors
        return found

    def post(self, path: str, page: httpx.Response | None = None, **fields: str) -> httpx.Response:
        """A form, with the token of the page that it stands on."""
        token = re.search(r'name="form_token" value="([^"]+)"', page.text) if page is not None else None
        return self.client.post(path, data={"form_token": token[1] if token else "", **fields})


@pytest.fixture
def office(machine: Machine, demo_capture: Path) -> Iterator[Office]:
    made = Office(machine, demo_capture)
    try:
        yield made
    finally:
        made.client.close()
        for process in made.running.values():
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                with contextlib.suppress(AttributeError):
                    pipe.close()


def test_a_first_manager_logs_in_and_hears_a_call(office: Office) -> None:
    """As they ship, but for the control groups: from the console's password to the last byte of sound."""
    machine, config = office.machine, ("--config", "/srv/recorder.toml")
    made = machine.recorder(
        "recorder-door", "first-manager", *config, "--login", "yamada", "--name", "山田 太郎", "--post", "総務課長"
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    first = made.stdout.strip()
    office.start()

    def log_in(password: str) -> None:
        answer = office.post("/login", login="yamada", password=password)
        assert answer.status_code == 303, answer.text

    log_in(first)
    page = office.client.get("/account/password")
    office.post("/account/password", page, old=first, new="a long enough phrase", again="a long enough phrase")
    log_in("a long enough phrase")
    page = office.client.get("/account/second-factor")
    secret = re.search(r'name="secret" value="([^"]+)"', page.text)
    assert secret is not None
    code = pyotp.TOTP(secret[1]).at(time.time())
    assert office.post("/account/second-factor", page, secret=secret[1], code=code).status_code == 200
    morning = office.client.get("/")
    assert morning.status_code == 200 and "山田 太郎" in morning.text

    [line] = machine.recorder("recorder-keeper", "calls", "--json", "--store", "/srv/recorder").stdout.splitlines()[:1]
    call = json.loads(line)
    page = office.client.get(f"/calls/{call['id']}")
    opened = office.post(f"/calls/{call['id']}/listen", page, cause="苦情の確認")
    assert opened.status_code == 303, opened.text
    heard = office.client.get(opened.headers["location"].partition("?")[0] + "/audio.wav")
    recording = (machine.store / call["recording"]["path"]).read_bytes()
    assert heard.content[44:] == recording[-4 * call["recording"]["frames"] :]

    ended = office.stop()
    assert {name: status for name, (status, _) in ended.items()} == dict.fromkeys(ended, 0), ended
    verified = machine.recorder("recorder-keeper", "verify", "--store", "/srv/recorder")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout + verified.stderr
    for path in (machine.state / "recorder-door").iterdir():
        found = path.stat()
        assert (stat.S_IMODE(found.st_mode) & 0o077, found.st_uid) == (0, USERS["recorder-door"]), path


def test_the_desk_sees_no_file_of_the_store_and_the_door_no_network(machine: Machine) -> None:
    """Nor the desk what the others publish, nor the door the desk's key."""
    (machine.srv / "desk").mkdir()
    key = machine.srv / "desk/key.pem"
    key.touch(0o640)
    os.chown(key, 0, GROUPS["recorder-desk"])
    desk = {
        "os.listdir('/srv/recorder')": "EACCES", "os.listdir('/var/lib/recorder-door')": "EACCES",
        "os.listdir('/run/recorder-keeper')": "EACCES", "os.listdir('/run/recorder-capture')": "EACCES",
        "open('/srv/desk/key.pem')": "allowed", "open('/var/lib/anything', 'w')": "EROFS",
    }  # fmt: skip
    door = {
        "os.listdir('/srv/recorder')": "allowed", "os.listdir('/var/lib/recorder-door')": "allowed",
        "os.listdir('/run/recorder-keeper')": "allowed", "os.listdir('/run/recorder-capture')": "allowed",
        "open('/srv/desk/key.pem')": "EACCES", "os.listdir('/var/lib/recorder-keeper')": "EACCES",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM)": "EAFNOSUPPORT",
    }  # fmt: skip
    os.chown(machine.run / "recorder-capture", USERS["recorder-capture"], GROUPS["recorder"])

    for name, wanted in (("recorder-desk", desk), ("recorder-door", door)):
        said = machine.python(name, refused(*wanted)).splitlines()
        assert dict(zip(wanted, said, strict=True)) == wanted, name


ASK = """
import socket
asked = socket.socket(socket.AF_UNIX)
asked.settimeout(10)
try:
    asked.connect('/run/recorder-door/socket')
    asked.sendall(b'POST /me HTTP/1.1\\r\\nhost: door\\r\\ncontent-length: 2\\r\\n\\r\\n{}')
    print(asked.recv(4096)[9:12].decode() or 'nothing')
except OSError as error:
    print(type(error).__name__)
"""


def test_the_door_answers_the_desk_s_user_alone(office: Office) -> None:
    """Not by the rights of the socket's file alone: the kernel says who connects, and of others nothing is read."""
    office.running["recorder-door"] = office.machine.start("recorder-door")
    office.machine.wait_for("READY=1")

    def asked_as(uid: int, group: str) -> str:
        command = [
            require("setpriv"), f"--reuid={uid}", f"--regid={GROUPS[group]}", "--clear-groups", sys.executable, "-c",
            ASK.replace("/run/", ""),
        ]  # fmt: skip
        run = office.machine.run  # its way there is root's alone
        return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=run).stdout.strip()

    assert office.machine.python("recorder-desk", ASK) == "401"  # nobody is logged in
    assert asked_as(USERS["recorder-desk"], "recorder-door") == "401"
    # Of the group that may open the socket, and not the desk: a program that somebody else started.
    assert asked_as(USERS["recorder-teller"], "recorder-door") in ("nothing", "ConnectionResetError", "BrokenPipeError")
    assert asked_as(USERS["recorder-capture"], "recorder") == "PermissionError"
    status, errors = office.stop()["recorder-door"]
    assert status == 0 and "Traceback" not in errors, errors
