"""The offices' forms: a layout and facts make a paper; a paper becomes HTML, PDF or docx.

    from recorder.forms import Call, Facts, Person, as_docx, as_html, as_pdf, fill, load_forms

    forms = load_forms("kumamoto")                        # by name; `forms.of("reply")` by what a form is for
    paper = fill(forms["application"], Facts(document="税発第12号", calls=(Call(number="0236411212"),)))
    as_pdf(paper)                                         # bytes; as_html, as_docx likewise

    facts       what is known: the vocabulary
    vocabulary  how a fact is written, and what stands there for the pen if there is none
    layout      what a layout's TOML file may say
    loading     an office's forms, from its layouts, the general ones, and a folder of its own
    filling     layout and facts to a paper
    layouts     the layouts, a folder an office; `common` has those for every office

A missing fact stays blank for the pen, so `blank(form)` is `fill` with nothing. The same facts make the same bytes:
nothing here reads a clock. See docs/forms.md.
"""

from __future__ import annotations

from recorder.forms.facts import (
    Agency,
    Call,
    Copy,
    Facts,
    Identity,
    Person,
    Row,
)
from recorder.forms.filling import blank, fill
from recorder.forms.loading import Form, Forms, load_forms
from recorder.paper.document import Document as Paper
from recorder.paper.docx import as_docx
from recorder.paper.html import as_html
from recorder.paper.pdf import as_pdf

__all__ = [
    "Agency", "Call", "Copy", "Facts", "Form", "Forms", "Identity", "Paper", "Person", "Row", "as_docx", "as_html",
    "as_pdf", "blank", "fill", "load_forms",
]  # fmt: skip
