#!/bin/sh
# The demo's exchange: rtpengine in user space (no kernel module needed), and kamailio beside it.
set -eu
here=$(dirname "$0")
rtpengine --config-file=none --table=-1 --interface=192.0.2.2 --listen-ng=127.0.0.1:2223 --port-min=30000 --port-max=30999 \
  --num-threads=2 --timeout=60 --log-level=3 --log-stderr --foreground &
exec kamailio -DD -E -f "$here/kamailio.cfg" -m 32 -M 4 -Y /tmp -P /tmp/kamailio.pid
