"""Recordings that nobody on this machine can hear: docs/sealed.md has the form, byte by byte.

    form       head and records as bytes; pure
    key        the key of one recording, made here and wrapped for those who may open it
    key_store  where wrapped keys lie, apart from the audio
    part       a recording that grows, sealed as it is written
    scan       what a file says without a key
    reader     what it says with one: samples by the frame, never a file
    expand     G.711 code words as 16-bit samples
"""
