"""A unit is returned: everything in its store is erased, and a report says what was done (Yamagata 8(3)).

    report     what was done, as a value: the certificate (消去証明書) is made from it
    erase      the procedure, step by step; it may be broken off anywhere and begun again
    overwrite  one file at a time
"""
