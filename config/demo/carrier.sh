#!/bin/sh
# The demo's carrier: sipp answers numbers of the outside, and calls the office's number every half minute.
set -eu
here=$(dirname "$0")/carrier
sipp 192.0.2.2:5060 -sf "$here/answers.xml" -i 192.0.2.9 -p 5060 -mp 20000 -nostdin -trace_err -error_file /tmp/answers.log &
sleep "${FIRST:-5}"
exec sipp 192.0.2.2:5060 -sf "$here/calls.xml" -i 192.0.2.9 -p 5070 -mp 21000 -s 0398765432 -nostdin \
  -r 1 -rp "${EVERY_MS:-30000}" -l 1 -trace_err -error_file /tmp/calls.log
