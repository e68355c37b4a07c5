"""What the desk says of a certificate that it can't work with, before it listens."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from recorder.desk.serve import check_certificate
from recorder.problems import Unusable
from tests.packages import require


def made(folder: Path, name: str, *key: str) -> tuple[Path, Path]:
    """A certificate that signed itself, and its key."""
    certificate, of = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        [require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "1",
         "-subj", f"/CN={name}", "-keyout", of, "-out", certificate, *key],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return certificate, of


def test_each_fault_of_a_certificate_is_one_sentence(tmp_path):
    one, key = made(tmp_path, "one", "-nodes")
    other, other_key = made(tmp_path, "other", "-nodes")
    locked, locked_key = made(tmp_path, "locked", "-passout", "pass:secret")
    check_certificate(str(one), str(key))
    check_certificate(str(other), str(other_key))

    for files, sentence in (
        ((one, tmp_path / "none.key"), "none.key can't be read: No such file"),
        ((one, other_key), "are no certificate and its key"),
        ((key, one), "are no certificate and its key"),
        ((locked, locked_key), "the key has a passphrase"),
        ((tmp_path, key), "can't be read: Is a directory"),
    ):
        with pytest.raises(Unusable, match=sentence):
            check_certificate(*map(str, files))
