"""What can be done through the door: the operations, by what they are about.

Importing this package fills the table of `recorder.door.operations`.
"""

from recorder.door.acts import (
    account,
    calls,
    health,
    holds,
    instructions,
    listening,
    login,
    mirror,
    openid,
    people,
    prompts,
    register,
    retention,
    settings,
)

__all__ = [
    "account", "calls", "health", "holds", "instructions", "listening", "login", "mirror", "openid", "people",
    "prompts", "register", "retention", "settings",
]  # fmt: skip
