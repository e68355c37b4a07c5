#!/bin/sh
# The demo's exchange: rtpengine in user space (no kernel module needed), and kamailio, once that is there.
set -eu
here=$(dirname "$0")
rtpengine --config-file=none --table=-1 --interface=192.0.2.2 --listen-ng=127.0.0.1:2223 \
  --port-min=30000 --port-max=30999 --num-threads=2 --log-level=3 --log-stderr --foreground &
until grep -q ':08AF ' /proc/net/udp; do sleep 0.1; done  # its port 2223
exec kamailio -DD -E -f "$here/kamailio.cfg" -m 32 -M 4 -Y /tmp
