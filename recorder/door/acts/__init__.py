"""What can be done through the door: the operations, by what they are about.

Importing this package fills the table of `recorder.door.operations`.
"""

from recorder.door.acts import (
    account,
    application,
    applications,
    calls,
    checks,
    copies,
    copying,
    decisions,
    export,
    forms,
    giving,
    health,
    holds,
    instructions,
    listening,
    login,
    mirror,
    openid,
    people,
    prints,
    prompts,
    register,
    replies,
    retention,
    settings,
)

__all__ = [
    "account", "application", "applications", "calls", "checks", "copies", "copying", "decisions", "export",
    "forms", "giving", "health", "holds", "instructions", "listening", "login", "mirror", "openid", "people",
    "prints", "prompts", "register", "replies", "retention", "settings",
]  # fmt: skip
