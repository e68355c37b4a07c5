"""A witness's HTTP: `POST /add-checkpoint`, and `GET /latest?ORIGIN` for who verifies."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from recorder.witness.book import MOST_BYTES, PLAIN, Answer, WitnessBook

TIMEOUT_S = 10.0


class WitnessServer(ThreadingHTTPServer):
    """Answers on `address` until `shutdown`. OSError if it can't be listened on."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], book: WitnessBook) -> None:
        self.book = book
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S
    server: WitnessServer

    def do_POST(self) -> None:
        said = self.headers.get("Content-Length", "")
        if not said.isdecimal() or int(said) > MOST_BYTES:
            self.close_connection = True
            self._answer(Answer(400, b"A request has a length, of at most 65536 bytes.\n"))
            return
        body = self.rfile.read(int(said))
        if urlsplit(self.path).path != "/add-checkpoint":
            self._answer(Answer(404, b"POST /add-checkpoint\n"))
        elif len(body) < int(said):
            self.close_connection = True
        else:
            self._answer(self.server.book.add(body, int(time.time())))

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        note = self.server.book.latest(unquote(asked.query)) if asked.path == "/latest" else None
        self._answer(Answer(404, b"Nothing was seen of it.\n") if note is None else Answer(200, note.encoded, PLAIN))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what a stranger asks for is no news."""

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
