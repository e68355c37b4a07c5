"""The synthetic conversations, made once for all tests of this folder."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from tests import wire
from tests.pbx.scenarios import FAMILIES, HABITS, START_NS, make
from tests.pbx.truth import Conversation

GAP_NS = 600 * wire.SECOND


@pytest.fixture(scope="session")
def made() -> Mapping[str, Conversation]:
    """Each family once, ten minutes apart."""
    return {name: make(name, random.Random(f"1/{name}"), START_NS + n * GAP_NS) for n, name in enumerate(FAMILIES)}


@pytest.fixture(scope="session")
def ways() -> Mapping[str, Conversation]:
    """A call with each set of habits, in and out by turns, ten minutes apart."""
    return {
        habits: make(
            ("inbound-announced", "outbound")[n % 2],
            random.Random(habits),
            START_NS + n * GAP_NS,
            habits=HABITS[habits],
        )
        for n, habits in enumerate(HABITS)
    }
