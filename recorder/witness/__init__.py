"""`recorder witness`: a small process on another machine that signs what it saw of registers (C2SP tlog-witness).

    book        what it saw of each register: the rules, and a file for each
    server      HTTP in front of it
    asking      asks a witness what it saw last, or reads that from its file

It keeps no entry and no recording, only how many entries a register had and their root.
"""
