#!/bin/sh
# What the demo's telephones say: speech.sh FOLDER_OF_FLAC FOLDER_TO_WRITE_TO
# Each plays the same tape of announcements, begun five seconds later than the one before, so that it can be told who
# speaks. Samples are exactly those that µ-law has: a telephone that leaves them alone sends the same again. Needs sox.
set -eu
from=$1 to=$2
for part in closed-ja busy-ja closed-en recorded-ja recorded-en; do
  sox -D "$from/$part.flac" -r 8000 -c 1 -t ul -
done >"$to/tape.ul"
begin=0
for name in 2101 2102 2103 2104 2105 carrier citizen; do
  { tail -c "+$((begin + 1))" "$to/tape.ul"; head -c "$begin" "$to/tape.ul"; } >"$to/$name.ul"
  sox -t ul -r 8000 -c 1 "$to/$name.ul" -e signed -b 16 "$to/$name.wav"
  begin=$((begin + 5 * 8000))
done
