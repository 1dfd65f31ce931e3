#!/usr/bin/env bash
# make_rows.sh ROWS SEED > file: labelled images of 8 x 8 pixels as libsvm, something to learn: class c (0..4) lights up rows and
# columns of its own, with noise. A fixed function of its arguments.
set -euo pipefail
awk -v rows="$1" -v seed="$2" 'BEGIN {
  x = seed * 2654435761 % 2147483647
  for (row = 0; row < rows; row++) {
    x = x * 16807 % 2147483647; label = x % 5; line = label
    for (pixel = 0; pixel < 64; pixel++) {
      x = x * 16807 % 2147483647; value = x % 96
      if (int(pixel / 8) == label || pixel % 8 == label + 2) value += 150
      if (value > 40) line = line " " pixel + 1 ":" value
    }
    print line
  }
}'
