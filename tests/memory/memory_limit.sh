#!/usr/bin/env bash
# Memory stays within data.memory_limit: the most that any rank had in use, beyond what the same command takes for a handful
# of rows, is the limit and a small slack; without a limit it is more, so that the comparison means something.
#
#   tests/memory/memory_limit.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
limit=32 slack=12  # MB
failures=0 checks=0 needing=0

# 57,600 rows of 150 entries: 62 MB of text, 110 MB in columns, twice that as images.
awk 'BEGIN {
  for (row = 0; row < 1200; ++row) {
    line = row % 10
    for (i = 1 + row % 3; i <= 450; i += 3) line = line " " i ":" (i * 7 + row * 13) % 255 + 1
    print line
  }
}' >block.libsvm
head -n 320 block.libsvm >few.libsvm
for i in $(seq 48); do cat block.libsvm; done >many.libsvm
for rows in few many; do
  cat >$rows.textproto <<END
name: "$rows"
data { train { libsvm { path: "$rows.libsvm" num_features: 784 } } partitions: 64 scratch_dir: "$work" }
stage { image_feature { input_col: "features" output_col: "image" height: 28 width: 28 } }
stage {
  network {
    input_col: "image" label_col: "label"
    layer { max_pooling { kernel_size: 4 strides: 4 } }
    layer { dense { units: 10 activation: SOFTMAX } }
    epochs: 1 global_batch: 256 lane_size: 32
  }
}
END
done

peak() {  # RANKS ROWS COMMAND...: the most memory that a rank had in use, MB
  local ranks=$1 rows=$2
  shift 2
  local arguments=()
  for argument in "$@"; do arguments+=("${argument//ROWS/$rows}"); done
  rm -rf cache run
  if ! "$source/scripts/mpirun" -n "$ranks" "$lockstep" "${arguments[@]}" --verbose >log 2>&1; then
    echo "== lockstep ${arguments[*]}" >&2
    tail -20 log >&2
    return 1
  fi
  sed -n 's/.*at most \([0-9]*\).* MB of memory were in use.*/\1/p' log | sort -n | tail -1
}

check() {  # RANKS THREADS COMMAND...
  local ranks=$1 threads=$2
  shift 2
  local limited=("$@" --threads "$threads" --set "data.memory_limit=$limit")
  local least most without
  least=$(peak "$ranks" few "${limited[@]}")
  most=$(peak "$ranks" many "${limited[@]}")
  without=$(peak "$ranks" many "$@" --threads "$threads")
  echo "$ranks ranks x $threads threads: $1 $2: $least MB for few rows, $most MB with a limit of $limit MB, $without MB without"
  if ((most > least + limit + slack)); then
    echo "FAILED: $most MB > $least + $limit + $slack MB"
    failures=$((failures + 1))
  fi
  checks=$((checks + 1))
  if ((without > least + limit + slack)); then needing=$((needing + 1)); fi  # its peak depends on what threads do at once
}

check 1 1 data load ROWS.textproto --no-cache
check 1 2 data load ROWS.textproto --set "data.cache.min_megabytes=0" --set "data.cache.dir='$work/cache'"
check 1 2 data stats ROWS.textproto --no-cache
check 1 2 train ROWS.textproto --no-cache --run-dir "$work/run"
check 2 1 train ROWS.textproto --no-cache --run-dir "$work/run"
if ((needing * 2 <= checks)); then
  echo "FAILED: without a limit only $needing of $checks take more: the test tests nothing"
  failures=$((failures + 1))
fi

# A limit that cannot be kept is said to be one, and what would do.
"$source/scripts/mpirun" -n 1 "$lockstep" data load many.textproto --no-cache --set data.memory_limit=1 >log 2>&1
grep -q "one of its 64 partitions takes .* set data.memory_limit to .* or data.partitions to" log ||
  { echo "FAILED: nobody said that 1 MB is too little"; tail -5 log; failures=$((failures + 1)); }
[ "$failures" = 0 ]
