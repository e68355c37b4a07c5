"""The register as somebody reads it: by time, kind, person or call, without reading all of it.

    index       where each entry lies, in an SQLite file of the door's own; it can be thrown away
    signed      whether the register is what its newest checkpoint was made of
    ledger      keeps both up with the register, and finds entries
"""
