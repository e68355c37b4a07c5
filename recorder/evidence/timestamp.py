"""Time stamps of an authority (RFC 3161): somebody outside says that a hash was there at a time.

`ask` gets one from the authority, `read` looks at one. Both believe it only if it is for this hash, and signed by a
certificate for time stamping (RFC 3161 2.3) that the given root vouches for at the time of the stamp.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from recorder.problems import Unusable

ANSWER_S = 20.0
MOST_BYTES = 64 << 10  # of an answer; with a chain of certificates some 6 KiB
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time stamp says."""

    at_ns: int  # when, by the authority's clock; nanoseconds since 1970
    sha256: bytes  # of what was stamped
    serial: int
    policy: str  # the authority's own, as an object identifier


class UnusableStamp(ValueError):
    """No time stamp, or not one to believe; the text says why."""


def ask(url: str, data: bytes, root: bytes) -> bytes:
    """A stamp for the SHA-256 of `data` from the authority at `url`, in DER (RFC 3161 3.4). `root` is its root
    certificate, PEM. `Unusable` if the authority isn't reached or its answer can't be believed."""
    import httpx
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        with (
            httpx.Client(timeout=ANSWER_S, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=request.as_bytes(), headers={"Content-Type": _QUERY}) as answer,
        ):
            if not answer.is_success:
                raise UnusableStamp(f"it answered with status {answer.status_code}")
            if answer.headers.get("Content-Type", "").partition(";")[0].strip() != _REPLY:
                raise UnusableStamp("the answer is no time stamp")
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise UnusableStamp("the answer is too long")
        _believe(body, data, root, request.nonce)
    except (httpx.HTTPError, httpx.InvalidURL, UnusableStamp) as problem:
        raise Unusable(
            f"The time-stamp authority {url} gave no usable stamp: {problem}.",
            hint="Try again later, or export without one: --no-timestamp",
        ) from problem
    return body


def read(stamp: bytes, data: bytes, root: bytes | None) -> Stamp:
    """What a stamp in DER says of `data`. Without a root (PEM), nobody vouches for the certificate that signed it:
    only that it is for this data is sure. UnusableStamp if it isn't."""
    if root is not None:
        return _believe(stamp, data, root, None)
    said = _parsed(stamp)
    if said.sha256 != hashlib.sha256(data).digest():
        raise UnusableStamp("it is for something else")
    return said


def _believe(stamp: bytes, data: bytes, root: bytes, nonce: int | None) -> Stamp:
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    said = _parsed(stamp)
    builder = VerifierBuilder() if nonce is None else VerifierBuilder().nonce(nonce)
    try:
        for certificate in load_pem_x509_certificates(root):
            builder = builder.add_root_certificate(certificate)
        builder.build().verify_message(decode_timestamp_response(stamp), data)
    except (VerificationError, ValueError) as problem:
        raise UnusableStamp(str(problem)) from problem
    return said


def _parsed(stamp: bytes) -> Stamp:
    from rfc3161_client import PKIStatus, decode_timestamp_response

    try:
        answer = decode_timestamp_response(stamp)
        if answer.status != PKIStatus.GRANTED:
            raise UnusableStamp("the authority refused: " + ("; ".join(answer.status_string) or "no reason given"))
        said = answer.tst_info
        at = said.gen_time if said.gen_time.tzinfo is not None else said.gen_time.replace(tzinfo=UTC)
        since = at - datetime(1970, 1, 1, tzinfo=UTC)
        at_ns = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
        return Stamp(at_ns, said.message_imprint.message, said.serial_number, said.policy.dotted_string)
    except UnusableStamp:
        raise
    except (ValueError, AttributeError) as problem:
        raise UnusableStamp("it can't be read") from problem
