"""Checkpoints of the register, made by the keeper and carried outside.

    keeping     makes them each minute, writes them to the second path, and hands out what is to be sent
    witnesses   what each witness signed, what to send it next, and what its answer means
    courier     carries that: the keeper has no network, the teller has, and understands nothing of it
"""
