#!/usr/bin/env bash
# lockstep bench --profile and --trace: the layers in their order, phases that add up to the step, and a trace of all ranks and
# threads whose spans lie inside their steps.
#
#   tests/configs/profile.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >experiment.textproto <<'END'
name: "tiny"
data { train { synthetic { rows: 256 shape: [16, 8, 8] num_classes: 4 } } }
stage {
  network {
    input_col: "features"
    label_col: "label"
    layer { name: "first" conv2d { filters: 16 kernel_size: 3 padding: SAME activation: RELU } }
    layer { max_pooling { kernel_size: 2 } }
    layer { dense { units: 4 activation: SOFTMAX } }
    global_batch: 64
    lane_size: 16
  }
}
END
fail() { echo "FAILED: $*"; exit 1; }
"$source/scripts/mpirun" -n 2 "$lockstep" bench experiment.textproto --threads 2 --steps 5 --profile --trace trace.json --json --check-collectives \
  >bench.json 2>log || { cat log; exit 1; }
tr ',{' '\n\n' <bench.json >lines
[ "$(grep -c '^"step_seconds"' lines)" = 3 ] || fail "not the bench's own and two ranks' profiles"
[ "$(grep '^"name"' lines | tr -d '\n')" = '"name":"tiny"'"$(for rank in 0 1; do printf '"name":"first""name":"max_pooling_1""name":"dense_2"'; done)" ] ||
  fail "the layers: $(grep '^"name"' lines | tr '\n' ' ')"
# Of each rank: no time is negative, layers make up the phases forward and backward, phases and the rest the step.
tr -d '}]' <lines | awk -F: '
  function near(a, b) { return a - b < 1e-9 && b - a < 1e-9 }
  $1 == "\"forward_seconds\"" { layers += $2 }
  $1 == "\"forward_primitives_seconds\"" && $2 > layers { print "primitives take longer than their layers"; bad = 1 }
  $1 == "\"step_seconds\"" { step = $2 }
  $1 == "\"forward\"" { if (!near($2, layers)) { print "layers " layers ", phase " $2; bad = 1 } layers = 0 }
  $1 == "\"phases_seconds\"" { total = 0; phases = 1; next }
  phases && /^"(input|forward|loss|backward|sums|waiting|exchange|optimizer|gather|pack|other)"/ {
    if ($2 < -1e-9) { print $0 " is negative"; bad = 1 }
    total += $2
    if ($1 == "\"other\"") { ranks++; if (!near(total, step)) { print "phases " total ", step " step; bad = 1 } }
  }
  END { if (ranks != 2) { print ranks " ranks"; bad = 1 } exit bad }' || fail "the profile: $(cat bench.json)"

head -c 40 trace.json | grep -q '^{"displayTimeUnit":"ms","traceEvents":\[$' || fail "the beginning of the trace"
[ "$(tail -n 1 trace.json)" = ']}' ] || fail "the end of the trace"
[ "$(grep -c '"process_name"' trace.json)" = 2 ] || fail "each rank has its name"
# Three steps of both ranks; a forward pass of a layer in each lane of each thread.
[ "$(grep -c '"name":"step"' trace.json)" = 6 ] || fail "steps"
[ "$(grep -c '"name":"first forward"' trace.json)" = 12 ] || fail "first forward"
[ "$(grep -c '"name":"dense_2 backward"' trace.json)" = 12 ] || fail "dense_2 backward"
for thread in 0 1; do
  for rank in 0 1; do
    grep -q "\"first backward\".*\"pid\":$rank,\"tid\":$thread," trace.json || fail "rank $rank, thread $thread"
  done
done
grep '"ph":"X"' trace.json | sed 's/[^:]*:"\([^"]*\)".*"pid":\([0-9]*\),"tid":\([0-9]*\),"ts":\([^,]*\),"dur":\([^}]*\)}.*/\2 \3 \4 \5 \1/' | sort -k1,1n -k3,3g |
  awk '$5 == "step" { begin = $3; end = $3 + $4; next } $2 == 0 && ($3 < begin || $3 + $4 > end + 1e-3) { print $0 ": outside its step " begin " " end; bad = 1 }
       $4 < 0 { print $0 ": negative"; bad = 1 } END { exit bad }' || fail "the spans"

# The text names every part; a trace that cannot be written is an error with the file's name.
"$lockstep" bench experiment.textproto --threads 1 --steps 2 --profile >text 2>log || { cat log; exit 1; }
for part in first max_pooling_1 dense_2 input loss sums waiting exchange optimizer gather pack other step; do
  grep -q "^ *$part " text || { cat text; fail "no $part in the table"; }
done
code=0
"$lockstep" bench experiment.textproto --threads 1 --steps 2 --trace missing/trace.json >text 2>log || code=$?
[ "$code" = 4 ] || { cat log; fail "exit code $code"; }
grep -q 'missing' log || { cat log; fail "the file's name"; }
echo "profile and trace are right"
