"""The door (扉): who is logged in, what he may, and the one way to recordings for the desk. See docs/desk.md.

    people       accounts, appointments, passwords, second factors, sessions
    rights       which role may what
    operations   what can be asked of the door, and the right that each needs
    serve        the Unix socket that the desk asks through

Nothing here knows of pages. Time is an argument; `serve` reads the clock.
"""
