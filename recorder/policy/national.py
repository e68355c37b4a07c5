"""What the law of the whole country says, wherever an office's regulation says nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """So many days, counted from the day after (Civil Code 140), and the article that says so."""

    days: int
    article: str


# A disclosure is decided within 30 days of the day on which it was applied for; the days in which the applicant mends
# his application don't count (the second sentence), which nobody but the office can know.
DISCLOSURE = Term(30, "個人情報の保護に関する法律第83条第1項")
# Who asks for a disclosure shows who he is, or that he may act for somebody.
IDENTITY = "個人情報の保護に関する法律第77条第2項"
# Police or prosecutors may ask in writing that something isn't erased, for 30 days, and for 60 in all.
KEEP = Term(30, "刑事訴訟法第197条第3項")
KEEP_LONGER = Term(60, "刑事訴訟法第197条第4項")
