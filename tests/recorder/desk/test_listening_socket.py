"""The desk's listening socket."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address

from recorder.desk.serve import bound


def test_a_page_s_end_doesn_t_wait_for_the_browser_to_acknowledge_its_beginning():
    """Without TCP_NODELAY each page of two segments takes 40 ms longer (Nagle's algorithm, RFC 1122 4.2.3.4)."""
    with contextlib.closing(bound(ip_address("127.0.0.1"), 0)) as listening:
        with socket.create_connection(listening.getsockname()):
            listening.setblocking(True)
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
