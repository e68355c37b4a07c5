"""Alarms: one code book for every screen, message and manual, and what stands now.

    code        the codes, and how bad each is
    japanese    what each means, and what to do
    english     the same
    alarm       one alarm, and how it reads
    board       which alarms stand: each is raised once, and cleared once
    notes       the board's state as JSON, for a restart and for whoever tells people
"""
