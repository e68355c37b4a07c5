"""Who answers, one module a subject. Importing this package fills the table of `recorder.desk.routes`."""

# The menu is in the order of the table, so the morning comes first.
from recorder.desk.pages import morning, calls, applications, application, copies, holds, register, mirror  # isort: skip
from recorder.desk.pages import ledger, complaints, reports, forms  # isort: skip
from recorder.desk.pages import people, instructions, settings, account, listening, login  # isort: skip
from recorder.desk.pages import openid  # isort: skip

__all__ = [
    "account", "application", "applications", "calls", "complaints", "copies", "forms", "holds", "instructions",
    "ledger", "listening", "login", "mirror", "morning", "openid", "people", "register", "reports", "settings",
]  # fmt: skip
