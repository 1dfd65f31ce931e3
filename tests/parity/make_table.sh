#!/usr/bin/env bash
# A table with a little of everything, as CSV: missing cells, quotes, line ends in quotes, dates, texts, duplicates.
#
#   tests/parity/make_table.sh ROWS SEED
set -euo pipefail
awk -v rows="$1" -v seed="$2" '
  function next_random() { seed = (seed * 16807) % 2147483647; return seed }
  function below(n) { return next_random() % n }
  BEGIN {
    words = split("the cat sat on a mat and ate an Apple while Zürich slept under blue skies of May", word, " ")
    cities = split("Rome Oslo Paris Lima Zürich", city, " ")
    print "id,age,income,city,comment,day,member,score,target,team"
    for (i = 1; i <= rows; i++) {
      age = below(10) == 0 ? "" : 18 + below(60)
      income = below(7) == 0 ? "NA" : (below(900000) + 1) / 100
      text = ""
      for (j = below(9); j >= 0; j--) text = text (text == "" ? "" : below(6) == 0 ? ", " : " ") word[1 + below(words)]
      if (below(20) == 0) text = text "\nsecond line"
      if (below(15) == 0) text = text " said \"\"so\"\""
      day = sprintf("20%02d-%02d-%02d", below(25), 1 + below(12), 1 + below(28))
      printf "%d,%s,%s,%s,\"%s\",%s,%s,%.3f,%d,%d\n", i, age, income, below(12) == 0 ? "" : city[1 + below(cities)], text,
             day, below(2) ? "true" : "false", (below(4000) - 2000) / 250, below(3), below(40)
      if (below(25) == 0 && i < rows) { i++; printf "%d,1,2,Rome,same,2020-02-29,true,0.5,1,7\n", 0 }
    }
  }'
