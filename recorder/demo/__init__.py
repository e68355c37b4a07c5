"""Stores with made-up calls: for trying an office's rule, for training, for measuring. Nothing in them was ever said."""
