"""Calls as people count them: the legs that an exchange makes of one conversation, told as one. See docs/calls.md."""
