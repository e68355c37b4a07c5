"""Recordings, catalogue, and what keeps them whole on a disk. Knows no packet and no web page."""
