"""`recorder install`: what a Debian machine needs besides the program itself, put in its place.

    place     where things are on that machine, and whether the units could work there
    files     unit files and settings, filled in from those that come with the program
    steps     one thing that is done, or found done
    plan      which steps, in which order, to install and to uninstall

Installing twice is the same as once. Settings are never overwritten, and nothing here touches a recording.
"""
