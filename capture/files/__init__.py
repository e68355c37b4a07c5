"""Capture files: pcap and pcapng, compressed or not, become `FrameBlock`s.

`open_capture` is the way in; what it can't use raises `CaptureFileError`. Nothing here looks into a frame.
"""

from capture.files.following import FollowedCapture
from capture.files.opening import CaptureFile, CaptureFileError, open_capture

__all__ = ["CaptureFile", "CaptureFileError", "FollowedCapture", "open_capture"]
