"""Find the session descriptions in a SIP body.

`sdp_bodies` takes any bytes and raises nothing; it goes down at most DEPTH multiparts and looks at
PARTS parts in all, without recursion on what a stranger nested. What it left out it says in words for a counter:

    content_encoding        a body or part is compressed or otherwise encoded
    multipart_malformed     there is no boundary, or it never occurs
    multipart_too_deep      a multipart inside DEPTH multiparts
    multipart_too_many      parts past PARTS
    transfer_encoding       a part is in base64 or the like, which SIP does not use (RFC 3261 §7.4.1)

See RFC 3261 §7.4, RFC 5621, RFC 2046 §5.1.
"""

from __future__ import annotations

from capture.sip.values import SPACES, decoded, parse_params

DEPTH = 2
PARTS = 8
_PLAIN = (b"binary", b"8bit", b"7bit")
_COMPACT = {b"c": b"content-type", b"e": b"content-encoding"}
_BOUNDARY_CAP = 70  # RFC 2046 §5.1.1


def sdp_bodies(
    body: bytes, content_type: str | None, content_encoding: str | None
) -> tuple[list[bytes], tuple[str, ...]]:
    """The descriptions in their order, and why others were left out."""
    if not body:
        return [], ()
    found: list[bytes] = []
    remarks: list[str] = []
    parts = 0
    # A stack of parts still to be looked at, the next one last, instead of recursion.
    waiting = [(body, content_type, content_encoding, 0)]
    while waiting:
        data, kind, encoding, depth = waiting.pop()
        if encoding and encoding.strip(SPACES).lower() != "identity":
            remarks.append("content_encoding")
            continue
        name, _, params = (kind or "").partition(";")
        name = name.strip(SPACES).lower()
        if name == "application/sdp" or (not name and data.lstrip(b"\r\n").startswith(b"v=0")):
            found.append(data)
        elif name.startswith("multipart/"):
            if depth >= DEPTH:
                remarks.append("multipart_too_deep")
                continue
            boundary = parse_params(params).get("boundary", "")
            pieces = _pieces(data, boundary)
            if not pieces:
                remarks.append("multipart_malformed")
            if parts + len(pieces) > PARTS:
                remarks.append("multipart_too_many")
                del pieces[PARTS - parts :]
            parts += len(pieces)
            for piece in reversed(pieces):
                headers, content = _part(piece)
                if headers.get(b"content-transfer-encoding", b"binary").lower() not in _PLAIN:
                    remarks.append("transfer_encoding")
                    continue
                part_type = headers.get(b"content-type")
                part_encoding = headers.get(b"content-encoding")
                waiting.append(
                    (
                        content,
                        None if part_type is None else decoded(part_type),
                        None if part_encoding is None else decoded(part_encoding),
                        depth + 1,
                    )
                )
    return found, tuple(remarks)


def _pieces(data: bytes, boundary: str) -> list[bytes]:
    """What stands between the delimiters; one more than PARTS at most. The last one may be missing."""
    if not boundary or len(boundary) > _BOUNDARY_CAP:
        return []
    try:
        delimiter = b"\n--" + boundary.encode("latin-1")
    except UnicodeEncodeError:
        delimiter = b"\n--" + boundary.encode("utf-8", "replace")
    pieces = (b"\n" + data).split(delimiter, PARTS + 2)[1:]
    parts: list[bytes] = []
    for piece in pieces[: PARTS + 1]:
        if piece.startswith(b"--"):
            break
        line, end, rest = piece.partition(b"\n")
        if end and not line.strip(b" \t\r"):
            parts.append(rest.removesuffix(b"\r"))
    return parts


def _part(piece: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Headers (names in lower case, the first of each) and content of a part."""
    if piece.startswith((b"\n", b"\r\n")):
        return {}, piece[piece.index(b"\n") + 1 :]
    crlf, lf = piece.find(b"\n\r\n"), piece.find(b"\n\n")
    if lf >= 0 and (crlf < 0 or lf < crlf):
        head, content = piece[:lf], piece[lf + 2 :]
    elif crlf >= 0:
        head, content = piece[:crlf], piece[crlf + 3 :]
    else:
        return {}, b""
    headers: dict[bytes, bytes] = {}
    head = head.replace(b"\r", b"").replace(b"\n ", b" ").replace(b"\n\t", b" ")
    for line in head.split(b"\n", 32):
        name, _, value = line.partition(b":")
        key = name.strip(b" \t").lower()
        headers.setdefault(_COMPACT.get(key, key), value.strip(b" \t"))
    return headers, content
