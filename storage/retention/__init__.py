"""How long a recording is kept: periods, rules, and a judgement over columns. Pure: no file, no clock, no office.

    counting    when a period is over, as the Civil Code counts
    rules       rules as values, and their JSON
    ends        when a rule ends for a recording
    judgement   keep, move or erase, with a reason, for all recordings at once
    traffic     what is recorded, by the hour of the week
    frontier    how far capacities will eat into recordings
    forecast    when each recording will go
    words       rules and reasons in plain English
"""
