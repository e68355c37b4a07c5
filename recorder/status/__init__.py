"""How the recorder stands: what is kept, by which rule, until when, and what needs somebody.

    values      what a status says
    assess      from what was read of a store to a status: pure
    gather      reads a store: from its folder to a status
    page        a status as a page for people, in Japanese or English
    as_json     a status for programs
    live        the recorder at work, and the alarms that its housekeeping says stand
    watch       the same as a table that is drawn anew each second
"""
