"""Numbers and layouts of Linux's packet sockets, as <linux/if_packet.h>, <linux/filter.h> and others have them.

Only what Python's own `socket` doesn't know. Layouts are of the machine's own byte order.
"""

from __future__ import annotations

import numpy as np

# <linux/if_ether.h>
ETH_P_ALL = 0x0003

# <linux/socket.h>, <asm/socket.h>
SOL_PACKET = 263
SO_ATTACH_FILTER = 26
SO_LOCK_FILTER = 44

# <linux/if_packet.h>: options of SOL_PACKET
PACKET_ADD_MEMBERSHIP = 1
PACKET_RX_RING = 5
PACKET_STATISTICS = 6
PACKET_VERSION = 10
PACKET_TIMESTAMP = 17
TPACKET_V3 = 2
PACKET_MR_PROMISC = 1

# Block states and frame states.
TP_STATUS_KERNEL = 0
TP_STATUS_USER = 1 << 0
TP_STATUS_VLAN_VALID = 1 << 4
TP_STATUS_VLAN_TPID_VALID = 1 << 6
TP_STATUS_TS_RAW_HARDWARE = 1 << 31

# Head of a block of a ring (struct tpacket_block_desc with tpacket_hdr_v1).
BLOCK = np.dtype(
    {
        "names": ("status", "frames", "first", "used", "last_s", "last_ns"),
        "formats": ("u4", "u4", "u4", "u4", "u4", "u4"),
        "offsets": (8, 12, 16, 20, 40, 44),
        "itemsize": 48,
    }
)

# Head of a frame in a block (struct tpacket3_hdr). `next`: bytes to the next frame's head, 0 at the last.
FRAME = np.dtype(
    {
        "names": ("next", "s", "ns", "length", "wire_length", "status", "mac", "tci", "tpid"),
        "formats": ("u4", "u4", "u4", "u4", "u4", "u4", "u2", "u4", "u2"),
        "offsets": (0, 4, 8, 12, 16, 20, 24, 32, 36),
        "itemsize": 40,
    }
)

# <linux/net_tstamp.h>
SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6
HWTSTAMP_FILTER_ALL = 1

# <linux/sockios.h>
SIOCGIFFLAGS = 0x8913
SIOCGIFHWADDR = 0x8927
SIOCSHWTSTAMP = 0x89B0
SIOCGHWTSTAMP = 0x89B1

# <linux/if.h>
IFF_UP = 1 << 0
IFF_LOOPBACK = 1 << 3
IFF_RUNNING = 1 << 6
