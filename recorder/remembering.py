"""What a listener remembers of a call's media, as plain fields.

Endpoints are texts there, for their numbers hold in one process alone.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from capture.media.remembered import COLUMNS, RememberedMedia, RememberedStream
from capture.packets import AddressBook


def as_fields(media: RememberedMedia, book: AddressBook) -> dict[str, Any]:
    """For JSON, or another process."""
    streams = [
        {**asdict(one), "source": book.text(one.source), "destination": book.text(one.destination)}
        for one in media.streams
    ]
    holders = [[side, book.text(source), book.text(to)] for side, source, to in media.holders]
    return {**asdict(media), "streams": streams, "holders": holders}


def from_fields(said: dict[str, Any], book: AddressBook) -> RememberedMedia:
    """And back, with endpoints of this book. ValueError, KeyError, TypeError or AttributeError if it is damaged."""
    streams = tuple(
        RememberedStream(
            endpoint(one["source"], book), endpoint(one["destination"], book), int(one["ssrc"]),
            {name: int(one["columns"][name]) for name in COLUMNS},
        )
        for one in said["streams"]
    )  # fmt: skip
    holders = tuple((int(side), endpoint(one, book), endpoint(to, book)) for side, one, to in said["holders"])
    return RememberedMedia(**{**said, "streams": streams, "holders": holders})


def endpoint(text: str, book: AddressBook) -> int:
    """An address and a port, as `AddressBook.text` writes them."""
    address, _, port = text.rpartition(":")
    return book.endpoint(address, int(port))
