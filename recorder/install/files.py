"""What is put in place: units and settings as they come with the program, filled in for one machine.

They are data of the package; in the source tree, `units` and `default.toml` are links into config/.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recorder.install.place import CONFIG, Place
from recorder.problems import Unusable
from recorder.settings import Settings, UnusableSettings
from recorder.settings.files import check, load

_DATA = Path(__file__).resolve().parents[1]
UNITS = ("recorder-capture.service", "recorder-keeper.service", "recorder-teller.service")
DESK = ("recorder-door.service", "recorder-desk.service")  # put in place, and started with --desk
OPTIONAL = ("recorder-announce.service", "recorder-witness.service")  # put in place, and started by who wants it
EVERY = (*UNITS, *DESK, *OPTIONAL)
SYSUSERS = "recorder.sysusers.conf"
TMPFILES = "recorder.tmpfiles.conf"


def filled(name: str, place: Place) -> str:
    """A file of the folder `units` with this machine's paths. A line about a second store is left out if there is
    none."""
    lines = (_DATA / "units" / name).read_text("utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if place.second is not None or "@SECOND@" not in line)
    # A hyphen before it: a unit starts without it. For tmpfiles.d, "z" says as much.
    second = "" if place.second is None else f"{'' if name == TMPFILES else '-'}{place.second}"
    values = {"BIN": str(place.program.parent), "CONFIG": str(CONFIG), "STORE": str(place.store), "SECOND": second}
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def new_settings(*, store: Path, interfaces: Sequence[str], office: str) -> str:
    """The annotated defaults with these values in them. Raises `Unusable` if they aren't usable."""
    text = (_DATA / "default.toml").read_text("utf-8")
    names = ", ".join(f'"{name}"' for name in interfaces)
    for old, new in (
        ('\nstore = "/var/lib/recorder"\n', f'\nstore = "{store}"\n'),
        ("\ninterfaces = []\n", f"\ninterfaces = [{names}]\n"),
        ('\noffice = ""\n', f'\noffice = "{office}"\n'),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    settings, faults = check(text.encode())
    if settings is None:
        raise UnusableSettings(CONFIG, faults)
    return text


def present_settings(
    path: Path, *, store: Path | None, interfaces: Sequence[str], office: str | None
) -> Settings | None:
    """The settings that are there, None if there are none. Raises `Unusable` if they have faults, or if something
    else was asked for: they are never overwritten."""
    try:
        settings = load(path)
    except FileNotFoundError:
        return None
    for asked, found, what in (
        (store, settings.recording.store, "recording.store"),
        (tuple(interfaces) or None, settings.capture.interfaces, "capture.interfaces"),
        (office, settings.policy.office, "policy.office"),
    ):
        if asked is not None and asked != found:
            raise Unusable(
                f"{path} is there and says something else for {what}; it is never overwritten.",
                hint="Change it there, and install again without that option.",
            )
    return settings
