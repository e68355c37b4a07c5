"""recorder verify --package DIR_OR_ZIP"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import click

from recorder.cli.common import in_language
from recorder.evidence.checking import check
from recorder.problems import Unusable
from storage.text import escape

MOST_BYTES = 8 << 30  # of a package: a day of one call


def verify_package(package: Path, key: str | None, timestamp_ca: Path | None, *, as_json: bool) -> int:
    """Prints every remark; 1 if something was altered. `Unusable`, OSError."""
    root = None if timestamp_ca is None else timestamp_ca.read_bytes()
    try:
        remarks = check(_read(package), published=key, root=root)
    except ValueError as problem:
        raise Unusable(f"{problem}.", hint="The key is one line, as the office made it known.") from problem
    language = in_language(None)
    words = {"fault": "変更" if language == "ja" else "ALTERED", "proved": "証明" if language == "ja" else "proved",
             "open": "要確認" if language == "ja" else "open"}  # fmt: skip
    for one in sorted(remarks, key=lambda one: list(words).index(one.kind)):
        if as_json:
            said = {"kind": one.kind, "code": one.code, **one.values, "text": one.text("en"), "text_ja": one.text("ja")}
            click.echo(json.dumps(said))
        else:
            click.echo(escape(f"{words[one.kind]}: {one.text(language)}"))
    return 1 if any(one.kind == "fault" for one in remarks) else 0


def _read(package: Path) -> dict[str, bytes]:
    """Every file of a package, by name."""
    if package.is_dir():
        return {path.name: path.read_bytes() for path in package.iterdir() if path.is_file()}
    try:
        with zipfile.ZipFile(package) as archive:
            infos = [one for one in archive.infolist() if not one.is_dir()]
            if sum(one.file_size for one in infos) > MOST_BYTES:
                raise Unusable(f"{package} is too large for a package.")
            return {Path(one.filename).name: archive.read(one) for one in infos}
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as problem:
        raise Unusable(f"{package} is neither a folder nor a ZIP that can be read: {problem}.") from problem
