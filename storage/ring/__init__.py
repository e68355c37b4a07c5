"""The ring: what keeps recordings, what erases them, and the procedures that do so. docs/storage.md has the plan.

    ring        one store's ring, open beside whoever records
    values      holds, policies and erasures as values
    apply       what an entry of the register means for the catalogue
    parties     the numbers that holds are for, which may not stand in the register
    holds       place, release, and end holds
    policies    which policies a store has had
    erasing     the procedure Erase
    media       the procedure Move, to the second medium
    second      what a second medium says of itself
    taking_away the end of both: what is to be gone from a disk goes
    checking    whether register and catalogue still say the same
    columns     a million calls as numpy columns, for judging
"""
