"""A time-stamp authority of our own: `openssl ts` behind a small HTTP server on the loopback."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.packages import require

_CONFIGURATION = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test authority
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[other]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,serverAuth
[tsa]
default_tsa = now
[now]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """What answers at `url`; `root` is its root certificate, PEM."""

    folder: Path
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    spoil: str = ""  # "page": answers with a web page; "other": for another hash; "long"; "error"

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def answer(self, query: bytes) -> bytes:
        """What `openssl ts` makes of a query."""
        self.asked.append(query)
        if self.spoil == "other":
            query = self._openssl("ts", "-query", "-data", str(self.folder / "root.pem"), "-sha256", "-cert")
        (self.folder / "query.tsq").write_bytes(query)
        return self._openssl(
            "ts", "-reply", "-config", "ts.cnf", "-section", "now", "-queryfile", "query.tsq",
            "-signer", "stamper.pem", "-inkey", "stamper.key",
        )  # fmt: skip

    def make(self, *, purpose: str = "stamper") -> None:
        """Keys and certificates; with the purpose `other`, one that isn't for time stamps."""
        (self.folder / "ts.cnf").write_text(_CONFIGURATION.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        new = ("req", "-config", "ts.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        days = ("-days", "3650")
        self._openssl(*new, "-x509", *days, "-extensions", "root", "-keyout", "root.key", "-out", "root.pem")
        self._openssl(*new, "-subj", "/CN=Test stamper", "-keyout", "stamper.key", "-out", "stamper.csr")
        self._openssl(
            "x509", "-req", "-in", "stamper.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", *days,
            "-extfile", "ts.cnf", "-extensions", purpose, "-out", "stamper.pem",
        )  # fmt: skip

    def _openssl(self, *arguments: str) -> bytes:
        program = require("openssl")
        return subprocess.run([program, *arguments], cwd=self.folder, check=True, capture_output=True).stdout


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """One that listens."""
    folder.mkdir()
    one = Authority(folder)
    one.make()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            body = one.answer(query) if one.spoil in ("", "other") else b"<html>" * 20_000
            self.send_response(500 if one.spoil == "error" else 200)
            kind = "text/html" if one.spoil == "page" else "application/timestamp-reply"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    one.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
