#!/usr/bin/env bash
# The promise, for one experiment: the same bytes on any number of ranks and threads, with or without a dedicated driver,
# killed and resumed on another number of ranks or not.
#
#   tests/parity/parity.sh LOCKSTEP CONFIG [OPTION OF lockstep train...]
#
# Relative files of a config in tests/parity/configs are made here; any other config brings its own data.
set -euo pipefail
lockstep=$(realpath "$1") config=$(realpath "$2")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$(dirname "$config")" = "$here/configs" ]; then
  cp "$config" "$work/experiment.textproto"
  config=$work/experiment.textproto
  "$here/make_rows.sh" 1003 1 >"$work/train.libsvm"  # a prime: no number of ranks, lanes or partitions divides it
  "$here/make_rows.sh" 211 2 >"$work/test.libsvm"
  "$here/make_texts.sh" 1003 1 >"$work/train.txt"
  "$here/make_texts.sh" 211 2 >"$work/test.txt"
  # Vectors of some words, and of one that no text has.
  { echo 21 4; seq 1 20 | awk '{ printf "w%d %.3f %.3f -0.5 %d\n", 2 * $1, $1 / 7, -$1 / 9, $1 % 3 }'; echo other 1 2 3 4; } | gzip >"$work/vectors.txt.gz"
fi
cd "$work"
options=("$@")

train() {  # RANKS THREADS FOLDER [OPTION...]
  local ranks=$1 threads=$2 folder=$3
  shift 3
  "$here/../../scripts/mpirun" -n "$ranks" "$lockstep" train "$config" --threads "$threads" --run-dir "$folder" "${options[@]}" "$@"
}

# What must not differ: weights, predictions, the curve of every step, and all metrics but the timing.
digest() {  # FOLDER
  sed '/"timing"/,$d' "$1/metrics.json" >"$1/judged.json"
  (cd "$1" && sha256sum model/*.safetensors predictions.csv metrics.jsonl judged.json &&
    find . -path './stage_*/metrics.jsonl' -exec sha256sum {} + | sort -k 2)  # of estimators before the end
}

failures=0 runs=0
compare() {  # NAME FOLDER
  runs=$((runs + 1))
  if digest "$2" >"$2.digest" && cmp -s "$2.digest" one.digest; then return; fi
  echo "FAILED: $1 differs from one rank"
  diff one.digest "$2.digest" || true
  failures=$((failures + 1))
}

run() {  # NAME RANKS THREADS [OPTION...]
  local name=$1 ranks=$2 threads=$3
  shift 3
  if ! train "$ranks" "$threads" run "$@" >log 2>&1; then echo "FAILED: $name"; tail -20 log; failures=$((failures + 1)); fi
  compare "$name" run
  rm -rf run run.digest
}

train 1 1 one >log 2>&1 || {
  cat log
  grep -q "has no instructions for BF16" log && exit 77  # skipped
  exit 1
}
digest one >one.digest
cat one.digest
for ranks in 2 3 4 5 7 8; do run "$ranks ranks" "$ranks" 1; done
for ranks in 1 2 3; do run "$ranks ranks x 2 threads" "$ranks" 2; done
for ranks in 2 5; do run "$ranks ranks, rank 0 only drives" "$ranks" 1 --set cluster.dedicated_driver=true; done
run "3 ranks, small buckets, collectives checked" 3 1 --set cluster.bucket_megabytes=0.004 --check-collectives

# Killed in mid-training, resumed on other numbers of ranks: where the estimator keeps checkpoints.
if [ ! -d one/checkpoints ] && [ -z "$(find one -path '*/stage_*/checkpoints')" ]; then
  echo "$runs runs, $failures failures"
  [ "$failures" = 0 ]
  exit
fi
if LOCKSTEP_DRILL=kill:rank=1,step=10 train 3 1 run >log 2>&1; then echo "FAILED: a killed rank goes unnoticed"; failures=$((failures + 1)); fi
[ -n "$(find run -name 'step-*')" ] || { echo "FAILED: no checkpoint was written"; cat log; exit 1; }
if LOCKSTEP_DRILL=kill:rank=0,step=13 train 2 1 run --resume >log 2>&1; then echo "FAILED: a killed rank goes unnoticed"; failures=$((failures + 1)); fi
run "killed on 3 and 2 ranks, resumed on 4" 4 1 --resume
echo "$runs runs, $failures failures"
[ "$failures" = 0 ]
