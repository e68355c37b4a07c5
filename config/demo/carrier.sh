#!/bin/sh
# The demo's carrier: sipp answers numbers of the outside, and a citizen calls the office's number again and again.
#   carrier.sh SECONDS_UNTIL_THE_FIRST_CALL SECONDS_BETWEEN_CALLS
set -eu
here=$(dirname "$0")/carrier
common="-i 192.0.2.9 -nostdin -trace_err -error_file /dev/stderr"
# shellcheck disable=SC2086  # several words
sipp 192.0.2.2:5060 -sf "$here/answers.xml" -p 5060 -mp 20000 $common >/dev/null &
sleep "$1"
while true; do
  # shellcheck disable=SC2086
  sipp 192.0.2.2:5060 -sf "$here/calls.xml" -p 5070 -mp 21000 -s 0398765432 -m 1 $common >/dev/null ||
    echo "the citizen's call failed" >&2
  sleep "$2"
done
