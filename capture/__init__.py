"""Bytes and time in, call events and audio out.

What comes from a capture file or a mirror port becomes rows of numpy columns, the rows become SIP messages and
RTP streams, and these become calls and their audio. This package knows no file of ours, no rule and no person;
it opens no socket and reads no clock: time is that of the packets.
"""
