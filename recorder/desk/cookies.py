"""The desk's cookies: the session's token, the language, and who is at the OpenID provider just now."""

from __future__ import annotations

SESSION = "__Host-desk"
OPENID = "__Host-desk-openid"
LANGUAGE = "desk-language"
