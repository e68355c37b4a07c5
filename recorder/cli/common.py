"""What the commands share: options, and the way from a problem to one sentence on stderr."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from recorder.problems import Unusable
from recorder.settings import Settings
from storage.errors import StoreError

if TYPE_CHECKING:
    from pyrage.x25519 import Identity


class Refusal(click.ClickException):
    """Ends a command with status 2 and one sentence."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"recorder: {self.format_message()}", file=file, err=file is None)


store_option = click.option(
    "--store", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder of the recordings."
)
config_option = click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings; the defaults if not given."
)
language_option = click.option(
    "--lang", type=click.Choice(("ja", "en")), help="Japanese or English; by the locale, and Japanese if it names none."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, and nothing else.")


@contextlib.contextmanager
def saying_problems() -> Iterator[None]:
    """Turn what isn't the program's fault into a `Refusal`; everything else goes on as it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except Unusable as problem:
        _refuse(str(problem), problem)
    except StoreError as problem:
        _refuse(f"{problem} {problem.hint}".strip(), problem)
    except sqlite3.DatabaseError as problem:
        _refuse(f"The catalogue can't be read: {problem}. Look for what happened with: recorder verify", problem)
    except OSError as problem:
        _refuse(sentence_of(problem), problem)


def _refuse(sentence: str, cause: Exception) -> NoReturn:
    raise Refusal(sentence) from cause


def sentence_of(problem: OSError) -> str:
    """The operating system's words behind the names of the files they are about."""
    what = os.strerror(problem.errno) if problem.errno else str(problem)
    names = [os.fsdecode(name) for name in (problem.filename, problem.filename2) if isinstance(name, str | bytes)]
    return f"{' and '.join(names)}: {what}." if names else f"{what}."


def read_identities(path: Path) -> list[Identity]:
    """The secret age keys in a file; on a terminal the passphrase is asked for if it needs one."""
    from recorder import identities

    def ask() -> str:
        return str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True))

    return identities.read(path, ask)


def settings_from(path: Path | None) -> Settings:
    """The settings of a file, or the defaults."""
    if path is None:
        return Settings()
    from recorder.settings import load

    return load(path)


def settings_of_service(path: Path | None) -> Settings:
    """The same for a service: what the office changed at the desk never stops it; if that is faulty, it is said."""
    if path is None:
        return Settings()
    from recorder.settings import load_anyway

    settings, said = load_anyway(path)
    if said:
        click.echo(f"recorder: {said}", err=True)
    return settings


def in_language(asked: str | None) -> Literal["ja", "en"]:
    """The language asked for, or the locale's: Japanese, unless it names another. In C or POSIX it names none."""
    if asked is None:
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return "ja" if locale.partition(".")[0] in ("", "C", "POSIX") or locale.startswith("ja") else "en"
    return "en" if asked == "en" else "ja"
