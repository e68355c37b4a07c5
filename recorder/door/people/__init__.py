"""People: who has an account, which role, and who is logged in.

    values          a person, an appointment, a session
    book            all of them, in an SQLite file of the door's own
    passwords       Argon2id, a few at a time
    second_factor   time-based codes (RFC 6238), recovery codes
    attempts        how often somebody may guess
"""
