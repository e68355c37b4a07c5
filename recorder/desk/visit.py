"""One request of a browser: who it is, what he asks, and how he is answered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from recorder.desk import words
from recorder.desk.asking import Asker
from recorder.desk.routes import ROUTES, Route
from recorder.desk.showing import Language
from recorder.desk.templating import TEMPLATES
from recorder.door.refusals import STATUS, Refused

Me = Mapping[str, Any]


def form_token(token: str) -> str:
    """What each form of a session carries, so that no other page can send it."""
    return hashlib.sha256(b"form:" + token.encode("utf-8", "surrogatepass")).hexdigest()


class Visit:
    """See above. `me` is what the door says of who is logged in; empty if nobody is. `now_ns` is the time of asking."""

    def __init__(
        self, request: Request, ask: Asker, me: Me, language: Language, route: Route, now_ns: int
    ) -> None:
        self.request = request
        self.ask = ask
        self.me = me
        self.language = language
        self.route = route
        self._now_ns = now_ns
        self.form: FormData = FormData()

    def t(self, key: str, **values: object) -> str:
        """The sentence of that key."""
        return words.say(key, self.language, **values)

    def word(self, key: str, instead: str) -> str:
        """The word of that key; something else if there is none."""
        return self.t(key) if words.knows(key) else instead

    def may(self, right: str) -> bool:
        return right in self.me.get("rights", ())

    def given(self, name: str) -> str:
        """A field of the form or, on a page that is only looked at, of the address."""
        found = self.form.get(name) if self.request.method == "POST" else self.request.query_params.get(name)
        return found if isinstance(found, str) else ""

    async def file(self, name: str) -> bytes:
        """A file of the form; empty if there is none."""
        found = self.form.get(name)
        return await found.read() if isinstance(found, UploadFile) else b""

    def now_ns(self) -> int:
        """When this was asked: pages read "yesterday" by it."""
        return self._now_ns

    def page(
        self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """A page of the desk."""
        menu = [
            one for one in ROUTES
            if one.in_menu and self.may(one.right) and not self.me.get("password_first")
            and not self.me.get("second_factor_first") and not (one.of_whole_office and self.me["is_of_a_section"])
        ]  # fmt: skip
        text = TEMPLATES.get_template(template).render(
            visit=self, me=self.me, language=self.language, t=self.t, menu=menu, here=self.route.name,
            form_token=form_token(self.ask.token), **values,
        )  # fmt: skip
        return HTMLResponse(text, status, headers)

    def refused(self, refused: Refused, template: str = "refused.html", **values: Any) -> Response:
        """The page again, with why it wasn't done."""
        status, sentence = STATUS[refused.why], self.sentence(refused)
        return self.page(template, status=status, refused=refused, sentence=sentence, **values)

    def sentence(self, refused: Refused) -> str:
        """Why it wasn't done, in words."""
        general = f"refused.{refused.why}"
        for key in (f"{general}.{refused.field}.{refused.detail}", f"{general}.{refused.field}"):
            if words.knows(key):
                return self.t(key, detail=refused.detail)
        return self.t(general, detail=refused.detail)

    def go(self, path: str, **values: str) -> Response:
        """Somewhere else, after something was done."""
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items() if value)
        return RedirectResponse(f"{path}?{query}" if query else path, 303)

    def is_ours(self) -> bool:
        """Whether the form came from a page of this session, not from somebody else's."""
        given = self.form.get("form_token")
        return isinstance(given, str) and hmac.compare_digest(given, form_token(self.ask.token))
