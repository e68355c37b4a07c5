"""What can be done through the door: the operations, by what they are about.

Importing this package fills the table of `recorder.door.operations`.
"""

from recorder.door.acts import (
    account,
    application,
    applications,
    calls,
    checks,
    complaints,
    copies,
    copy_prints,
    copying,
    decisions,
    export,
    forms,
    giving,
    health,
    holds,
    instructions,
    ledger,
    listening,
    login,
    mirror,
    notice,
    openid,
    people,
    prints,
    prompts,
    publication,
    register,
    replies,
    report,
    retention,
    settings,
)

__all__ = [
    "account", "application", "applications", "calls", "checks", "complaints", "copies", "copy_prints", "copying",
    "decisions", "export", "forms", "giving", "health", "holds", "instructions", "ledger", "listening", "login",
    "mirror", "notice", "openid", "people", "prints", "prompts", "publication", "register", "replies", "report",
    "retention", "settings",
]  # fmt: skip
