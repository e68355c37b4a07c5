"""Housekeeping: `recorder keep`, which erases what is over, checks a share each night, watches, and raises alarms.

    keep        puts everything together, and runs it
    timetable   when what is due: pure
    sweeping    one sweep by the machine's clock
    room        whether the ring's room is needed now
    nightly     presence of all, proof of a share
    disk        how the disk is, asked so that one which hangs holds nobody up
    capture     from the recorder's figures to alarms: pure
    store       what is amiss with the store as a whole, once an hour
    memory      what a restart must know
    publish     what is told to others: alarms.json
    metrics     figures and alarms for Prometheus
    server      answers who asks for metrics or health

Recording never waits for any of this, and nothing of this waits for recording.
"""
