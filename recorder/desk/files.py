"""Files that the door hands out, on their way to the browser."""

from __future__ import annotations

from starlette.responses import Response, StreamingResponse

from recorder.desk.visit import Visit

WRITTEN_AS = ("html", "pdf", "docx")  # papers: to print from the browser, and to take along
_PASSED_ON = ("content-type", "content-length", "content-disposition", "content-security-policy")


async def handed(visit: Visit, operation: str, **asked: object) -> Response:
    """What the operation gives, as a file to keep, or as a page of its own to print. `Refused`."""
    given = await visit.ask.file(operation, **asked)
    headers = {name: value for name, value in given.headers.items() if name.lower() in _PASSED_ON}
    return StreamingResponse(given.chunks, given.status, headers)
