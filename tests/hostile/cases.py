"""The hostile captures by name: `CASES["spoofed_bye_with_wrong_tags"].build()`.

A case is an attack upon a good call of some shape, and the kind of file it is kept in. An attack is a
function of the good call and a random generator seeded by the case's name; it gives frames to be merged by
their place in time. Its strangers write from 198.18.0.0/15 (RFC 2544) and 2001:db8:bad::/48. None of them is
ever answered by the good call's peers unless the case says so. Cases whose name begins with `good_` have an
unusual good call instead.
"""

from __future__ import annotations

from importlib import import_module

from tests.hostile.casebook import CASES

# In this order: the good calls' shapes take turns.
FAMILIES = (
    "floods",
    "strange_audio",
    "spoofs",
    "bombs",
    "texts",
    "tcp",
    "fragments",
    "files",
    "layers",
    "media",
    "dialogs",
    "lookalikes",
    "mixtures",
)
for _family in FAMILIES:
    import_module(f"tests.hostile.families.{_family}")

__all__ = ["CASES"]
