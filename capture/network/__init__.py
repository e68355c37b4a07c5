"""Frames become UDP datagrams and TCP segments: link, network, tunnel and transport headers come off here.

`NetworkDecoder` is the way in. Nothing here knows SIP or RTP.
"""

from capture.network.decoder import NetworkDecoder, frames_accounted_for

__all__ = ["NetworkDecoder", "frames_accounted_for"]
