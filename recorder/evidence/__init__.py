"""The evidence package (証拠一式): all there is to say of one call, for who has neither the program nor our word.

    gather      what the store, the register and its checkpoints have of a call
    timestamp   an outside authority's word for when a checkpoint was there (RFC 3161)
    cover       表紙: what the package holds, on paper
    custody     who made this copy, when and how, and lines for whoever hands it on
    package     all of it as files, and as a folder or a ZIP
    page        verify.html: the check in a browser, without a network
    checking    the check of a package by this program, from the package and the public key alone

The same call gives the same bytes each time, but for custody. docs/evidence.md has the files one by one.
"""

from __future__ import annotations
