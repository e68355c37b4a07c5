"""The daemon: `recorder run`, which follows the mirror ports until it is told to stop.

    start     opens the line, first of all
    run       puts everything else together, and runs it
    source    where frames come from, and what is told of that
    signals   SIGTERM and SIGHUP
    notify    what systemd is told
    voice     sentences on stderr, not too many of them
    reload    which changes of the settings hold at once
"""
