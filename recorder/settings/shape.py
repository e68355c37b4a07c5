"""Which tables and keys a model has: for naming what is wrong with a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from recorder.settings.key_lines import Key


def every_key(model: Any) -> Iterator[str]:
    """Each dotted key of a table that there is once."""
    for name, hint in _hints(model).items():
        if not is_dataclass(hint):
            continue  # an array of tables
        for key, inner in _hints(hint).items():
            if table_of(inner) is None:
                yield f"{name}.{key}"


def own_key(location: tuple[int | str, ...], model: Any) -> Key:
    """The part of a location that is in the file: pydantic adds the branch of a union that it tried."""
    key: Key = ()
    inside: Any = model
    for part in location:
        if isinstance(part, str):
            if not is_dataclass(inside):
                break
            inside = table_of(_hints(inside).get(part))
        key = (*key, part)
    return key


def keys_beside(key: Key, model: Any) -> list[str]:
    """The keys that there are where a key stands."""
    inside: Any = model
    for part in key[:-1]:
        if isinstance(part, str) and is_dataclass(inside):
            inside = table_of(_hints(inside).get(part))
    return [known.name for known in fields(inside)] if is_dataclass(inside) else []


def table_of(hint: Any) -> Any:
    """The table that a key's value is, or that each of its entries is; None if it isn't one."""
    if is_dataclass(hint):
        return hint
    if get_origin(hint) in (Union, UnionType, tuple):
        return next((found for found in map(table_of, get_args(hint)) if found is not None), None)
    return None


def _hints(model: Any) -> dict[str, Any]:
    return get_type_hints(model)  # without Annotated
