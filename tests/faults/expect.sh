#!/bin/sh
# expect.sh CODE SECONDS TEXT COMMAND...: COMMAND must end with exit code CODE (or "fails": any but 0 and a time-out) within
# SECONDS, and its output must hold TEXT in exactly one line ("-": anything goes).
code=$1 seconds=$2 text=$3
shift 3
start=$(date +%s)
output=$(timeout -k 5 "$seconds" "$@" 2>&1)
got=$?
echo "$output"
if [ "$code" = fails ]; then
  if [ $got = 0 ] || [ $got = 124 ]; then echo "FAILED: exit code $got"; exit 1; fi
elif [ $got != "$code" ]; then
  echo "FAILED: exit code $got instead of $code"
  exit 1
fi
[ $(($(date +%s) - start)) -le "$seconds" ] || { echo "FAILED: not within $seconds s"; exit 1; }
[ "$text" = - ] && exit 0
count=$(echo "$output" | grep -c -e "$text")
[ "$count" = 1 ] || { echo "FAILED: '$text' is in $count lines instead of 1"; exit 1; }
