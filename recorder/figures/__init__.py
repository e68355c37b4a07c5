"""What the recorder at work says of itself once a second: counts, and nothing of who calls whom.

    values      the figures
    calls       figures of the calls going on
    publish     the recorder writes them to a file
    read        whoever shows or watches them reads it
"""
