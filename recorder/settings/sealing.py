"""For whom recordings are sealed: docs/sealed.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from recorder.settings.bounds import STRICT, Refused, Within

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import CoreSchema

    from storage.sealed.key_store import Named

LEAST_RECIPIENTS = 2


class AgeKey:
    """An age public key. What isn't one is refused without being shown: it may be the secret half."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self._checked, handler(source))

    @staticmethod
    def _checked(text: str) -> str:
        from recorder.numbers.age_key import UnusableKey, recipient

        try:
            recipient(text)
        except UnusableKey:
            secret = text.upper().startswith("AGE-SECRET-KEY-")
            what = "must be an age public key (age1...)"
            raise Refused(what + ", not a secret key, which belongs in no file here" if secret else what) from None
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who may open recordings."""

    __pydantic_config__ = STRICT

    name: Annotated[str, Within(min_length=1, max_length=64)]
    key: Annotated[str, AgeKey()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """Whether recordings are sealed, and for whom."""

    __pydantic_config__ = STRICT

    recipients: Annotated[tuple[Recipient, ...], Within(max_length=16)] = ()
    backup_days: Annotated[int, Within(ge=0, le=3650)] = 7

    def __post_init__(self) -> None:
        if not self.recipients:
            return
        keys, names = {one.key for one in self.recipients}, {one.name for one in self.recipients}
        if len(keys) < LEAST_RECIPIENTS:
            raise Refused(
                f"sealing needs at least {LEAST_RECIPIENTS} recipients with different keys: one who works with "
                "recordings, and one in a safe place for the day that key is lost",
                key=("recipients",),
            )
        if len(keys) < len(self.recipients) or len(names) < len(self.recipients):
            raise Refused("two recipients have the same name or the same key", key=("recipients",))

    def named(self) -> tuple[Named, ...]:
        """The recipients as the store takes them."""
        from storage.sealed.key_store import Named

        return tuple(Named(one.name, one.key) for one in self.recipients)
