"""What comes next in a frame: the codes by which decoders hand over to each other.

A decoder returns either a verdict of `counters` (0 or above: the work is done) or one of these codes (below 0: go on
with that layer at the cursor).
"""

from __future__ import annotations

from typing import Final

ETHERNET_LAYER: Final = -1
ETHERTYPE_LAYER: Final = -2  # what follows is named by `packet.next_type`
IP_LAYER: Final = -3
PPP_LAYER: Final = -4
LLC_LAYER: Final = -5
WIFI_LAYER: Final = -6
MPLS_LAYER: Final = -7

NO_TUNNEL: Final = 0
GRE: Final = 1
IPIP: Final = 2
SIX_IN_FOUR: Final = 3
VXLAN: Final = 4
GENEVE: Final = 5
GTP_U: Final = 6
ERSPAN: Final = 7

TUNNEL_NAMES: Final = ("", "gre", "ipip", "6in4", "vxlan", "geneve", "gtp", "erspan")
"""Names of the tunnels, at the place of their number."""
