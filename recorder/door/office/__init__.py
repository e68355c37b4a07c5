"""What the office's regulation means for an act at the desk, and the settings that the office changes itself.

    listening   may this recording be heard where it lies, and what has to be said first
    parts       what of the settings the office changes itself
    proposals   changes that were proposed, and what became of them
    approving   who may put one in force
    file        the file in which services read what was approved
"""
