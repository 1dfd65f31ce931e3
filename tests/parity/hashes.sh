#!/usr/bin/env bash
# A table of what every experiment produces: the first digits of the SHA-256 of its weights, predictions, curve and metrics. Two
# builds whose tables are the same produce the same bytes; run it before and after a change that must not move a result.
#
#   tests/parity/hashes.sh LOCKSTEP >TABLE
#
# Experiments of configs/ run for six steps on the tiny data of tests/configs, those of tests/parity/configs as they are; on one
# rank, since parity.sh compares the others with that. The bytes belong to one instruction set: no table is kept.
set -euo pipefail
lockstep=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$source/configs" "$source/tests/configs/datasets" "$work"
cp -r "$here/configs" "$work/parity"
cd "$work/parity"
"$here/make_rows.sh" 1003 1 >train.libsvm
"$here/make_rows.sh" 211 2 >test.libsvm
"$here/make_texts.sh" 1003 1 >train.txt
"$here/make_texts.sh" 211 2 >test.txt
{ echo 21 4; seq 1 20 | awk '{ printf "w%d %.3f %.3f -0.5 %d\n", 2 * $1, $1 / 7, -$1 / 9, $1 % 3 }'; echo other 1 2 3 4; } | gzip >vectors.txt.gz
cd "$work"

hash() {  # FILE
  if [ -e "$1" ]; then sha256sum "$1" | cut -c 1-12; else echo -; fi
}

printf '%-40s %-14s %-14s %-14s %s\n' experiment weights predictions curve metrics
for config in configs/*.textproto parity/*.textproto; do
  options=(--set output.predictions=true)
  if [[ $config == configs/* ]]; then
    estimator=$(grep -oE '^  (network|autoencoder|sequence_to_sequence) \{' "$config" | tail -1 | tr -d ' {' || true)
    if [ -n "$estimator" ]; then options+=(--set "$estimator.max_steps=6"); fi
  fi
  rm -rf run
  if ! "$lockstep" train "$config" --threads 2 --run-dir run "${options[@]}" >log 2>&1; then
    echo "$config failed:"
    tail -5 log
    continue
  fi
  sed '/"timing"/,$d' run/metrics.json >judged.json
  cat run/model/*.safetensors >weights
  cat run/metrics.jsonl $(find run -path 'run/stage_*/metrics.jsonl' | sort) >curve
  printf '%-40s %-14s %-14s %-14s %s\n' "$config" "$(hash weights)" "$(hash run/predictions.csv)" "$(hash curve)" "$(hash judged.json)"
  if [ -n "${KEEP:-}" ]; then
    mkdir -p "$KEEP/$config"
    cp -r run/predictions.csv judged.json run/metrics.jsonl run/model "$KEEP/$config"
  fi
done
