"""From SIP messages to calls: who called whom, who answered when, and how it ended (RFC 3261 §12 to §17)."""
