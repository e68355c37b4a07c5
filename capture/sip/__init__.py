"""SIP as a listener hears it: found among other traffic, cut from TCP streams, and read."""
