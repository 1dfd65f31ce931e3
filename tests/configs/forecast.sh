#!/usr/bin/env bash
# A model of windows forecasts from a file that begins where its training rows end: every row has its window, the last one a
# forecast of what nobody knows yet; metrics are those of the rows whose future is in the file.
#
#   tests/configs/forecast.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
table() { awk -v begin="$1" -v end="$2" 'BEGIN { print "t,x"; for (t = begin; t < end; t++) print t "," t % 7 }'; }
table 0 210 >past.csv
table 210 220 >later.csv
cat >experiment.textproto <<'END'
name: "forecast"
data { train { csv { path: "past.csv" } } split { weights: [0.8, 0.1, 0.1] order_by: "t" } }
stage { windows { input_cols: "x" target_cols: "x" length: 7 order_col: "t" } }
stage {
  network {
    input_col: "window"
    layer { flatten {} }
    layer { dense { units: 1 } }
    standardize_target: true
    optimizer { adam { learning_rate: 0.03 } }
    epochs: 100 global_batch: 32
  }
}
evaluate { regression { metric_name: MAE } }
END
fail() { echo "FAILED: $*"; exit 1; }
"$source/scripts/mpirun" -n 2 "$lockstep" train experiment.textproto --run-dir run --threads 1 >log 2>&1 || { cat log; exit 1; }
for ranks in 1 3; do
  "$source/scripts/mpirun" -n "$ranks" "$lockstep" predict run --data later.csv --output "forecast$ranks.csv" >log 2>&1 || { cat log; exit 1; }
done
cat forecast1.csv
cmp forecast1.csv forecast3.csv
head -1 forecast1.csv | grep -qx 'row,label,prediction' || fail "the header"
[ "$(wc -l <forecast1.csv)" = 11 ] || fail "not a forecast for each row"
tail -1 forecast1.csv | grep -q '^10,,' || fail "the label of the last row is not known"
# Row i, counted from 1, is day 209 + i: tomorrow is (210 + i) % 7.
awk -F, 'NR > 1 { error = $3 - (210 + $1) % 7; if (error < 0) error = -error; if (error > 0.3) { print "wrong by " error ": " $0; exit 1 } }' \
  forecast1.csv || fail "forecasts are wrong"
"$lockstep" evaluate run --data later.csv --json >metrics.json 2>log
grep -q '"rows":9' metrics.json || { cat metrics.json; fail "evaluate counts other rows"; }
grep -q '1 rows have no label' log || { cat log; fail "nobody says that a row is left out"; }

# At random a series is not cut.
sed -i 's/ order_by: "t"//' experiment.textproto
! "$lockstep" train experiment.textproto --run-dir other >log 2>&1 || fail "a random split is accepted"
grep -q "leave holes in the windows" log || { cat log; exit 1; }
