"""Accounts: whether what was seen adds up, and whether the exchange's own list of calls agrees. Pure functions."""
