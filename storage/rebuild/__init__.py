"""What brings a lost or damaged catalogue back: everything in it also stands somewhere else.

`dayfile` keeps what no recording's head can hold, `condition` notices that a catalogue isn't as it was left,
`rebuild` makes it anew. docs/storage.md has the table of what is made anew from what.
"""
