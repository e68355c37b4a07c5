"""The ring: what keeps recordings, what erases them, and the procedures that do so. docs/storage.md has the plan.

    ring        one store's ring, open beside whoever records
    values      holds, policies and erasures as values
    apply       what an entry of the register means for the catalogue
    parties     the numbers that holds are for, which may not stand in the register
    holds       place, release, and end holds
    erasing     the procedure Erase
    media       the second medium, and the procedure Move
    columns     a million calls as numpy columns, for judging
"""
