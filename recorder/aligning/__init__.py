"""Copies of recordings in which both sides are where they were heard, though their clocks drift: docs/design.md.

`insertions` (pure) says how much silence each side needs and about where, `Aligned` reads a recording with it. No
sample is altered, moved past another or left out.
"""

from recorder.aligning.aligned import Aligned, Samples
from recorder.aligning.plan import Insertion, insertions

__all__ = ["Aligned", "Insertion", "Samples", "insertions"]
