#!/usr/bin/env bash
# Texts with labels, LABEL TAB TEXT: words w1 .. w60, low numbers far more often; even ones more often where the label is 1.
#
#   tests/parity/make_texts.sh ROWS SEED
set -euo pipefail
awk -v rows="$1" -v seed="$2" '
  function below(n) { seed = (seed * 16807) % 2147483647; return seed % n }
  BEGIN {
    for (i = 1; i <= rows; i++) {
      label = below(2)
      text = ""
      for (j = below(12); j >= 0; j--) {
        word = 1 + below(1 + below(60))
        if (label == 1 && word % 2 == 1 && below(3) > 0) word++
        text = text " w" word
      }
      printf "%d\t%s\n", label, substr(text, 2)
    }
  }'
