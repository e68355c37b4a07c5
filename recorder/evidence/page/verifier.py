"""The one HTML file that checks a package in a browser, made of its parts. It holds nothing of any call: the same
version of the program gives the same page, so its hash can be made known beforehand."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_PARTS = ("proofs.js", "sealed.js", "checks.js", "screen.js")


@cache
def page() -> bytes:
    """Its bytes, UTF-8."""
    library = re.sub(r"^export .*$", "", _read("noble-ed25519.js"), flags=re.MULTILINE)
    script = "\n".join(
        (
            f"const ed25519 = (() => {{\n{library}\nreturn {{ verifyAsync }};\n}})();",
            f"const SENTENCES = {_read('sentences.json')};",
            *map(_read, _PARTS),
        )
    )
    if "</script" in script.lower():
        raise ValueError("a part of the page would end its script")
    return _read("page.html").replace("/*SCRIPT*/", script).encode("utf-8")


def _read(name: str) -> str:
    return (resources.files("recorder.evidence.page") / name).read_text("utf-8")
