"""Telling people of alarms: `recorder tell`, the only part that speaks to a network.

    pending     what has to be told, and when to try again: pure
    message     how an event reads
    channel     what a way of telling is
    secret      passwords and tokens, from files
    mail        to a mail server (RFC 5321, 8314)
    webhook     to an HTTPS address, as JSON
    syslog      to a syslog server over TLS (RFC 5425)
    tell        puts everything together, and runs it

It reads what the housekeeping publishes (alarms.json), and sees neither the store nor any call.
"""
