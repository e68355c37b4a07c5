"""The hook: what an office has done on an inbound call, in place of the announcement unit's telephone.

The recorder tells of each inbound call over a socket (`inbound`), and never waits: if nobody listens, or the socket is
full, that is counted, and the call is recorded all the same. Another process takes these events and does what the
settings say.

    inbound    an event as it goes over the socket, and both ends of it
    run        takes events, does each within its time, keeps and counts what came of it
    asterisk   AMI, and ARI; freeswitch: the event socket; others: a command, an HTTP call
"""
