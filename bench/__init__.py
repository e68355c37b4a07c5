"""How fast the recorder is: captures of known content, measured replays, and a check of what these wrote."""
