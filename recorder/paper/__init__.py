"""Papers: what is printed, signed and handed over.

    document    a paper as a value: headings, fields, tables, lines to sign
    pdf         such a value as a PDF of A4 pages, with the font that ships
    html        the same as one HTML file that needs nothing else
    erasure     消去証明書, from what an erasing of the whole unit came to

A paper has one content and two forms, so that the two can't say different things. The same content makes the same
bytes: nothing here reads a clock.
"""

from __future__ import annotations
