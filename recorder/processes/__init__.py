"""Several capture processes, where one core isn't enough: each follows the calls of its interfaces, one writes.

    parent      starts them, has the store, tells systemd and whoever asks; sees no packet
    served      what the parent does with what one of them says
    child       one capture process: `recorder.daemon.run` without a store
    keeper      its keeper: what is to be kept goes to the parent, and is never waited for
    link        messages between two processes
    messages    what they say
    together    the figures of several as one's: pure

Interfaces that show parts of the same calls belong to one process: it sees all of their signalling and audio, so it
does what a single one would. Nothing is shared but the store, which has one writer as ever.
"""
