"""pyVoIP 1.6.8, imported at one place, with what has to be changed in it.

- Its parts import one another in a circle, which holds only if VoIP comes first.
- It imports audioop, of which Python 3.11 and 3.12 warn that it will go. (From 3.13 on, audioop-lts stands in for it.)
- It takes OPTIONS, with which exchanges ask whether it is there, for no SIP.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="'audioop' is deprecated", category=DeprecationWarning)
    import pyVoIP.VoIP

from pyVoIP.RTP import PayloadType
from pyVoIP.SIP import SIPClient, SIPMessage
from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone

__all__ = ["CallState", "PayloadType", "SIPClient", "SIPMessage", "VoIPCall", "VoIPPhone"]

if "OPTIONS" not in pyVoIP.SIPCompatibleMethods:
    pyVoIP.SIPCompatibleMethods.append("OPTIONS")
