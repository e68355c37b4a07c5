"""The desk's two cookies: the session's token, and the language."""

from __future__ import annotations

SESSION = "__Host-desk"
LANGUAGE = "desk-language"
