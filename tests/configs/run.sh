#!/usr/bin/env bash
# One experiment of configs/, as it is but on tiny data and for two steps: it must be valid, and run on two ranks.
#
#   tests/configs/run.sh LOCKSTEP CONFIG       CONFIG relative to configs/
#
# The config is copied beside tests/configs/datasets, so that its ../datasets/... are the tiny files there; a config
# on other data needs their tiny likeness in that folder. Benchmarks are timed for two steps in place of training.
set -euo pipefail
lockstep=$1
config=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$(dirname "configs/$config")"
cp "$source/configs/$config" "$work/configs/$config"
cp -r "$source/tests/configs/datasets" "$work/datasets"
cd "$work"

"$lockstep" check "configs/$config"
if [[ $config == bench/* ]]; then
  "$source/scripts/mpirun" -n 2 "$lockstep" bench "configs/$config" --threads 1 --steps 2 --json >bench.json
  for key in samples_per_second step_seconds primitives_seconds exchange_seconds ranks threads peak_rss_bytes version; do
    grep -q "\"$key\"" bench.json || { echo "bench --json says nothing about $key"; cat bench.json; exit 1; }
  done
else
  estimator=$(grep -oE '^  (network|autoencoder|sequence_to_sequence) \{' "configs/$config" | tail -1 | tr -d ' {' || true)
  "$source/scripts/mpirun" -n 2 "$lockstep" train "configs/$config" --threads 1 ${estimator:+--set "$estimator.max_steps=2"} --run-dir run
  for file in config.textproto metrics.json model/pipeline.textproto model/weights.safetensors; do
    [ -s "run/$file" ] || { echo "the run folder has no $file"; ls -R run; exit 1; }
  done
fi
