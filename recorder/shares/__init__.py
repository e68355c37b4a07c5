"""Several processes at one line, where one core isn't enough: all of them hear its signalling, and each takes the audio
of its share of the calls.

    owner       whose share a call is: pure
    messages    what the processes say to each other
    ear         what hears the audio of a share: packets in, messages out
    hearing     a process with an ear
    told        what the leading process does with what an ear says: it follows the conversations, and has the store
    line        the line as the leading process sees it: signalling from the wire, audio from the ears
"""
