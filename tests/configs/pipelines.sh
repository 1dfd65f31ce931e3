#!/usr/bin/env bash
# Whole pipelines, from raw files to names: trained on two ranks, used on rows without a label on one, evaluated and shown.
#
#   tests/configs/pipelines.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; tail -20 log; exit 1; }
train() { "$source/scripts/mpirun" -n 2 "$lockstep" train "$1.textproto" --threads 1 --run-dir "$1" >out 2>log || fail "training $1"; }

# Texts to the name of their class, and back.
for i in $(seq 1 120); do
  if [ $((i % 3)) = 0 ]; then printf 'bad,this was awful number %d and bitter\n' "$i"; else printf 'good,this was lovely number %d and sweet\n' "$i"; fi
done >texts.body
{ echo opinion,text; cat texts.body; } >texts.csv
cat >texts.textproto <<'END'
name: "texts"
data { train { csv { path: "texts.csv" } } test { csv { path: "texts.csv" } } }
stage { tokenizer { input_col: "text" output_col: "words" } }
stage { hashing_tf { input_col: "words" output_col: "counts" num_features: 256 } }
stage { idf { input_col: "counts" output_col: "features" } }
stage { string_indexer { input_col: "opinion" output_col: "label" } }
stage { network { layer { dense { units: 2 activation: SOFTMAX } } epochs: 20 global_batch: 32 optimizer { adam { learning_rate: 0.05 } } } }
stage { index_to_string { input_col: "prediction" output_col: "answer" } }
evaluate { multiclass { metric_name: [ACCURACY, CONFUSION_MATRIX] } }
output { predictions: true }
END
train texts
grep -q '"accuracy": 1.0' texts/metrics.json || fail "the texts are easy to tell apart"
grep -q '"good"' texts/metrics.json || fail "the matrix does not name the classes"
head -1 texts/predictions.csv | grep -qx 'row,label,label_name,prediction,prediction_name,probability_0,probability_1,answer' || fail "header of predictions.csv"
printf 'text\nthis was awful\nthis was lovely\n' >fresh.csv
"$lockstep" predict texts --data fresh.csv >fresh.out 2>log || fail "predicting texts without an opinion"
[ "$(sed 1d fresh.out | sed 's/.*,//' | tr '\n' ' ')" = "bad good " ] || { cat fresh.out; fail "the answers"; }
"$lockstep" predict texts --data fresh.csv --show 2 2>log | grep -q good || fail "predict --show"
"$lockstep" evaluate texts --data texts.csv >judged 2>log || fail "evaluating texts"
grep -q 'accuracy *1$' judged && grep -q 'true . predicted *good *bad' judged || { cat judged; fail "what evaluate prints"; }
"$lockstep" show texts 2>log | grep -q 'stage\[4\].network' || fail "show"

# An autoencoder, k-means on its code, a network on both.
cp "$source/tests/parity/configs/code_clusters.textproto" codes.textproto
"$source/tests/parity/make_rows.sh" 1003 1 >train.libsvm
"$source/tests/parity/make_rows.sh" 211 2 >test.libsvm
train codes
sed 's/^[0-9]* /0 /' test.libsvm >other.libsvm
"$lockstep" predict codes --data other.libsvm >one.out 2>log || fail "predicting with three estimators"
"$lockstep" predict codes --data test.libsvm >two.out 2>log || fail "predicting with three estimators"
[ "$(cut -d, -f4- one.out)" = "$(cut -d, -f4- two.out)" ] || fail "the label changes a prediction"
"$lockstep" evaluate codes --data test.libsvm --json 2>log | grep -q '"accuracy":0\.[5-9]\|"accuracy":1' || fail "three estimators learn"
"$lockstep" show codes >shown 2>log || fail "show"
for stage in 'stage\[2\].autoencoder' 'stage\[3\].kmeans' 'stage\[6\].network'; do grep -q "$stage" shown || { cat shown; fail "show lacks $stage"; }; done
for file in stage_2 stage_3 weights; do [ -s "codes/model/$file.safetensors" ] || fail "the model lacks $file"; done

# Principal components, then least squares: y is a sum of the columns.
{ echo a,b,c,y; for i in $(seq 1 80); do a=$((i * 7 % 11)) b=$((i * 5 % 13)) c=$((i * 3 % 17)); echo "$a,$b,$c,$((2 * a - b + 3 * c + 4))"; done; } >sums.csv
cat >sums.textproto <<'END'
name: "sums"
data { train { csv { path: "sums.csv" } } }
stage { vector_assembler { input_cols: ["a", "b", "c"] output_col: "features" } }
stage { pca { input_col: "features" output_col: "components" k: 3 } }
stage { linear_regression { input_col: "components" label_col: "y" } }
END
train sums
cut -d, -f1-3 sums.csv >unlabelled.csv
"$lockstep" predict sums --data unlabelled.csv >sums.out 2>log || fail "predicting sums"
paste -d, <(sed 1d sums.csv) <(sed 1d sums.out) | awk -F, '{ e = $4 - $6; if (e * e > 1e-12) exit 1 }' || fail "three components hold all of it"
"$lockstep" evaluate sums --data sums.csv >judged 2>log || fail "evaluating sums"
grep -qE 'r2 +1$' judged || { cat judged; fail "r2"; }
"$lockstep" show sums 2>log | grep -q '(intercept)' || fail "show"
