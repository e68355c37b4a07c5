"""Fuzz targets: modules with `one_input(data)`, which fails only on a real fault, and SEEDS to begin from."""
