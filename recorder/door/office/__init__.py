"""What the office's regulation means for an act at the desk: pure functions of its profile.

    listening   may this recording be heard where it lies, and what has to be said first
"""
