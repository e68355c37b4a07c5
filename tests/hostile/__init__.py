"""Captures made to break a recorder, each with one good call in its midst that has to come out bit-exact."""
