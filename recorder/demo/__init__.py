"""Stores with made-up calls: to try an office's rule, to train, to measure. Nobody said what is in them."""
