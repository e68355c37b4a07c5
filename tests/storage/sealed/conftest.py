"""What the tests of sealed stores share with those of the ring."""

from tests.storage.ring.conftest import rows_are_steps

__all__ = ["rows_are_steps"]
