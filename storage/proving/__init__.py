"""Parts of `storage.verification`.

    recorded     a recording's file against its row: which second was altered
    registered   rows against the register, and the register against its checkpoints
"""
