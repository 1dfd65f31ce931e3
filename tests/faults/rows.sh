#!/usr/bin/env bash
# Rows that are not what a model expects: labels and features that are missing or too large, weights, columns that are not there. Each
# has a defined result or a message that names the row, on 1 and 3 ranks.
#
#   tests/faults/rows.sh LOCKSTEP RANKS
set -euo pipefail
lockstep=$(realpath "$1") ranks=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
fail() { echo "FAILED: $*"; tail -15 log; failures=$((failures + 1)); }
run() { "$source/scripts/mpirun" -n "$ranks" "$lockstep" "$@"; }
expect() {  # CODE TEXT COMMAND...
  local code=$1 text=$2
  shift 2
  "$source/tests/faults/expect.sh" "$code" 30 "$text" "$source/scripts/mpirun" -n "$ranks" "$lockstep" "$@" >log 2>&1 || fail "lockstep $*"
}

# Targets that a float cannot tell apart: 1700000000 .. 1700000049. The mean leaves a deviation of 14.43.
{ echo x,y; for i in $(seq 0 49); do echo "0,$((1700000000 + i))"; done; } >far.csv
cat >far.textproto <<'END'
name: "far"
data { train { csv { path: "far.csv" } } test { csv { path: "far.csv" } } }
stage { vector_assembler { input_cols: "x" output_col: "features" } }
stage { network { label_col: "y" standardize_target: true layer { dense { units: 1 } } epochs: 1 global_batch: 16 } }
evaluate { regression { metric_name: RMSE } }
END
run train far.textproto --run-dir far --json >far.json 2>log || fail "far targets"
grep -qE '"rmse": 14\.4[0-9]*' far/metrics.json || fail "the error of targets beyond float is $(grep rmse far/metrics.json)"

# A label that is missing: in training rows an error, in validation rows left out and said; no epoch is the best by accident.
{ echo a,b,label; for i in $(seq 1 60); do echo "$((i % 7)),$((i % 5)),$((i % 3))"; done; } >train.csv
{ head -20 train.csv; echo "1,1,"; } >missing.csv
cat >rows.textproto <<'END'
name: "rows"
data { train { csv { path: "train.csv" } } validation { csv { path: "missing.csv" } } test { csv { path: "missing.csv" } } }
stage { vector_assembler { input_cols: "a" input_cols: "b" output_col: "features" } }
stage { network { layer { dense { units: 3 activation: SOFTMAX } } epochs: 6 global_batch: 16 optimizer { sgd { learning_rate: 0.1 } } } }
END
run train rows.textproto --run-dir rows >out 2>log || fail "rows without a label in validation"
grep -q "missing.csv: 1 rows have no label and are left out, the first is row 20 (counted from 1)" log || fail "the row without a label is not named"
grep -q '"rows": 19' rows/metrics.json || fail "the row without a label is counted"
if grep -qi nan rows/metrics.jsonl; then fail "a metric is not a number"; fi
expect 3 "the label is missing in row 20 (counted from 1)" train rows.textproto --run-dir r1 --data missing.csv

# Features that are missing, and beyond what a float holds.
printf 'a,b\n1,2\n3,\n1e300,2\n4,4\n' >odd.csv
expect 3 "row 2" predict rows --data odd.csv
printf 'a,b\n1,2\n1e300,2\n4,4\n' >large.csv
expect 3 "column 'features' is missing, not finite or beyond what a float holds, in row 2" predict rows --data large.csv
run train rows.textproto --run-dir skipping --set network.handle_invalid=SKIP >out 2>log || fail "handle_invalid: SKIP"
run predict skipping --data large.csv >predicted.csv 2>log || fail "predicting with handle_invalid: SKIP"
[ "$(wc -l <predicted.csv)" = 3 ] || fail "two of three rows have features"
grep -q "1 rows whose features are not finite are left out, the first is row 2" log || fail "it does not say what was left out"
expect 2 "has no place for features that are not finite" train rows.textproto --run-dir r2 --set network.handle_invalid=KEEP

# Batch norm: a lane of one row has no spread and leaves the running statistics alone; lanes of one row alone are refused.
{ echo x,y,label; for i in $(seq 1 9); do echo "$i,$((i * i)),$((i % 2))"; done; } >nine.csv
cat >nine.textproto <<'END'
name: "nine"
data { train { csv { path: "nine.csv" } } partitions: 1 }
stage { vector_assembler { input_cols: "x" input_cols: "y" output_col: "features" } }
stage { network { layer { batch_norm {} } layer { dense { units: 2 activation: SOFTMAX } } epochs: 3 global_batch: 8 lane_size: 8 } }
END
run train nine.textproto --run-dir nine >out 2>log || fail "nine rows"
run predict nine --data nine.csv >predicted.csv 2>log || fail "predicting with running statistics"
if grep -qiE 'nan|inf' predicted.csv; then fail "running statistics of one row"; fi
expect 2 "batch_norm has one value a channel in each lane" check nine.textproto --set network.lane_size=1 --set network.global_batch=1

# Rows to be predicted lack the column of the label, or its cells; what stands beside it in the same stage is there.
{ echo c,y; for i in $(seq 1 40); do echo "k$((i % 4)),$([ $((i % 4)) = 1 ] && echo yes || echo no)"; done; } >words.csv
cat >words.textproto <<'END'
name: "words"
data { train { csv { path: "words.csv" } } }
stage { string_indexer { input_cols: ["c", "y"] output_cols: ["c_index", "label"] } }
stage { one_hot_encoder { input_col: "c_index" output_col: "features" drop_last: false } }
stage { network { layer { dense { units: 2 activation: SOFTMAX } } epochs: 60 global_batch: 16 optimizer { adam { learning_rate: 0.1 } } } }
stage { index_to_string { input_col: "prediction" output_col: "answer" } }
evaluate { multiclass { metric_name: [ACCURACY, CONFUSION_MATRIX] } }
END
run train words.textproto --run-dir words >out 2>log || fail "words"
cut -d, -f1 words.csv | head -9 >unlabelled.csv
run predict words --data unlabelled.csv >predicted.csv 2>log || fail "rows without the label's column"
head -1 predicted.csv | grep -qx "row,prediction,prediction_name,probability_0,probability_1,answer" || fail "the header is $(head -1 predicted.csv)"
[ "$(sed 1d predicted.csv | cut -d, -f6 | sort | uniq -c | tr -s ' \n' ' ')" = " 6 no 2 yes " ] || fail "the answers are not what was learnt"
{ head -5 words.csv; echo "k1,"; } >halfway.csv
run predict words --data halfway.csv >predicted.csv 2>log || fail "an empty cell of the label"
tail -1 predicted.csv | grep -q ',yes$' || fail "a row with an empty label is predicted as well"
run evaluate words --data halfway.csv --json >judged.json 2>log || fail "evaluating rows with an empty label"
grep -q '"rows":4,' judged.json && grep -q '"classes":\["no","yes"\]' judged.json || fail "judged.json is $(cat judged.json)"
cut -d, -f2 words.csv >labels.csv
expect 3 "needs the column 'c'" predict words --data labels.csv

# Weights that nothing reads.
cat >weights.textproto <<'END'
name: "weights"
data { train { csv { path: "train.csv" } } }
stage { vector_assembler { input_cols: "a" input_cols: "b" output_col: "features" } }
stage { weight_by_class { label_col: "label" output_col: "weight" } }
stage { network { layer { dense { units: 3 activation: SOFTMAX } } epochs: 2 global_batch: 16 } }
END
expect 2 "no estimator reads the weights in 'weight'" train weights.textproto --run-dir r3
expect 0 "run folder: weighted" train weights.textproto --run-dir weighted --set network.weight_col=weight
# A weight of 2 is the row twice: in the metrics exactly.
{ echo a,b,label,w; sed 1d train.csv | awk -F, '{ print $0 "," 1 + NR % 2 }'; } >once.csv
{ echo a,b,label,w; sed 1d once.csv | awk -F, '{ for (i = 0; i < $4; ++i) print $1 "," $2 "," $3 ",1" }'; } >twice.csv
cat >weighted.textproto <<'END'
name: "weighted"
data { train { csv { path: "once.csv" } } }
stage { vector_assembler { input_cols: "a" input_cols: "b" output_col: "features" } }
stage { network { weight_col: "w" layer { dense { units: 3 activation: SOFTMAX } } epochs: 2 global_batch: 16 } }
evaluate { multiclass { metric_name: [ACCURACY, F1, CONFUSION_MATRIX] } }
END
run train weighted.textproto --run-dir model >out 2>log || fail "weights"
run evaluate model --data once.csv --json 2>log | sed 's/"rows":[0-9]*,//; s/"loss":[0-9.]*,//' >once.json
run evaluate model --data twice.csv --json 2>log | sed 's/"rows":[0-9]*,//; s/"loss":[0-9.]*,//' >twice.json
cmp -s once.json twice.json || { fail "weights and repetitions differ"; cat once.json twice.json; }
sed '2s/,[0-9]*$/,-1/' once.csv >negative.csv
expect 3 "weight -1 is negative or not finite, in row 1 (counted from 1)" train weighted.textproto --run-dir r4 --data negative.csv

echo "$failures failures"
[ "$failures" = 0 ]
