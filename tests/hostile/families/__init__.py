"""One file for each family of attacks, or for a few that are alike."""
