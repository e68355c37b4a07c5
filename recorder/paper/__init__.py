"""Papers: what is printed, signed and handed over.

    document    a paper as a value: headings, fields, tables, lines to sign
    pdf         such a value as a PDF of A4 pages, with the font that ships
    html        the same as one HTML file that needs nothing else
    docx        the same for a word processor, where the office changes what it wants
    places      where the fields of a grid stand
    erasure     消去証明書, from what an erasing of the whole unit came to

A paper has one content and three forms, so that they can't say different things. The same content makes the same
bytes: nothing here reads a clock.
"""

from __future__ import annotations
