#!/bin/sh
# Prints the demo's calls whenever there are more of them; looks every so many seconds: list-calls.sh SECONDS
set -u
before=
while sleep "$1"; do
  now=$(recorder calls --store /srv/recordings) || continue  # the store isn't made yet
  [ "$now" = "$before" ] || printf '%s\n\n' "$now"
  before=$now
done
