#!/usr/bin/env bash
# Mistakes of a person, each with its exit code, its message printed once, and no hang, on 1 and 3 ranks.
#
#   tests/faults/bad_input.sh LOCKSTEP RANKS
set -euo pipefail
lockstep=$(realpath "$1") ranks=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'umount "$work/full" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
failures=0

expect() {  # CODE TEXT COMMAND...: ends with CODE within 30 s, TEXT in exactly one line
  local code=$1 text=$2
  shift 2
  if ! "$source/tests/faults/expect.sh" "$code" 30 "$text" "$source/scripts/mpirun" -n "$ranks" "$lockstep" "$@" >log 2>&1; then
    echo "== lockstep $*"; tail -15 log; failures=$((failures + 1))
  fi
}

"$source/tests/parity/make_rows.sh" 300 1 >good.libsvm
cat >good.textproto <<'END'
name: "good"
data { train { libsvm { path: "good.libsvm" num_features: 64 } } test { libsvm { path: "good.libsvm" } } }
stage { network { layer { dense { units: 5 activation: SOFTMAX } } epochs: 1 global_batch: 64 } }
END
expect 0 "run folder: good-run" train good.textproto --run-dir good-run

# Files
expect 4 "cannot .*missing.libsvm" train good.textproto --run-dir r1 --data missing.libsvm
expect 4 "cannot read nowhere.textproto" train nowhere.textproto --run-dir r1
expect 4 "cannot .*good.libsvm/run" train good.textproto --run-dir good.libsvm/run
expect 4 "good-run holds a run already" train good.textproto --run-dir good-run
expect 4 "is not a model" predict "$work" --data good.libsvm
gzip -c good.libsvm | head -c 3000 >cut.libsvm.gz
expect 4 "at: cut.libsvm.gz" train good.textproto --run-dir r1 --data cut.libsvm.gz
cp -r good-run cut-run
truncate -s -20 cut-run/model/weights.safetensors
expect 4 "does not match its checksum" predict cut-run --data good.libsvm
expect 4 "does not match its checksum" evaluate cut-run/model --data good.libsvm

# Data
: >empty.libsvm
expect 3 "error: no rows in the file" train good.textproto --run-dir r2 --data empty.libsvm
{ head -200 good.libsvm; echo "7 1:1"; tail -100 good.libsvm; } >label.libsvm
expect 3 "label 7 is outside 0..4, in row 201" train good.textproto --run-dir r3 --data label.libsvm
{ head -123 good.libsvm; echo "1 3:abc"; tail -100 good.libsvm; } >broken.libsvm
expect 3 "broken.libsvm:124:" train good.textproto --run-dir r4 --data broken.libsvm
{ head -50 good.libsvm; echo "1 3:nan 4:1"; tail -100 good.libsvm; } >nan.libsvm
expect 3 "nan.libsvm:51:" train good.textproto --run-dir r5 --data nan.libsvm
{ head -50 good.libsvm; echo "1 3:1 65:1"; } >wide.libsvm
expect 3 "wide.libsvm:51:" train good.textproto --run-dir r6 --data wide.libsvm

# Config: every mistake at once
cat >wrong.textproto <<'END'
name: "wrong"
data { train { libsvm { path: "good.libsvm" nun_features: 64 } } }
stage { network { layer { dense { units: 0 activation: SOFTMAKS } } epochs: 1
                  global_batch: 100 } }
END
expect 2 "wrong.textproto:2:45: .*'nun_features'.*num_features" train wrong.textproto --run-dir r7
expect 2 "wrong.textproto:3:.*units: 0 is out of range" train wrong.textproto --run-dir r7
expect 2 "wrong.textproto:3:.*SOFTMAKS" train wrong.textproto --run-dir r7
expect 2 "wrong.textproto:4:.*global_batch 100 is not a multiple of lane_size 16" train wrong.textproto --run-dir r7
expect 2 "unknown field 'epoch' in Network" train good.textproto --run-dir r7 --set network.epoch=3
expect 2 "unknown command 'trian'; did you mean train" trian good.textproto
expect 2 "at: good.textproto:3:19: stage.0..network.layer.0..conv2d" train good.textproto --run-dir r7 --set 'network.layer=[{conv2d{filters:2 kernel_size:3}}]'
ONEDNN_MAX_CPU_ISA=AVX2 expect 2 "the CPU.* has no instructions for BF16" train good.textproto --run-dir r7 --set network.precision=BF16
expect 2 "column 'labl'" train good.textproto --run-dir r7 --set network.label_col=labl

cat >decoder.textproto <<'END'
name: "decoder"
data { train { libsvm { path: "good.libsvm" num_features: 64 } } }
stage { autoencoder { encoder { layer { dense { units: 5 } } }
                      decoder { layer { dense { units: 63 } } } } }
END
expect 2 "the decoder gives 63, the input column 'features' is 64" train decoder.textproto --run-dir r7
expect 2 "at: decoder.textproto:4:.*autoencoder.decoder.layer.0" train decoder.textproto --run-dir r7
expect 2 "error: an autoencoder needs at least one layer in its encoder" train decoder.textproto --run-dir r7 \
  --set 'autoencoder.encoder={}'
cat >codes.textproto <<'END'
name: "codes"
data { train { libsvm { path: "good.libsvm" num_features: 64 } } }
stage { autoencoder { encoder { layer { dense { units: 5 } } }
                      decoder { layer { dense { units: 64 } } } epochs: 1 } }
stage { vector_slicer { input_col: "code" output_col: "part" indices: [0, 4] } }
stage { network { input_col: "part" layer { dense { units: 5 activation: SOFTMAX } } epochs: 1 } }
END
expect 0 "run folder: codes-run" train codes.textproto --run-dir codes-run
expect 2 "codes.textproto:5:.*stage.1..vector_slicer" train codes.textproto --run-dir r7 --set 'vector_slicer.indices=[0, 5]'
expect 2 "the decoder gives 63, the input column 'features' is 64" train codes.textproto --run-dir r7 \
  --set 'autoencoder.decoder={layer{dense{units:63}}}'
expect 2 "at: codes.textproto:6:.*stage.2..network.layer.0..conv2d" train codes.textproto --run-dir r10 \
  --set 'network.layer=[{conv2d{filters:2 kernel_size:3}}]'
[ ! -e r10/stage_0 ] || { echo "FAILED: trained before the next network was seen not to fit"; failures=$((failures + 1)); }
expect 2 "but a later estimator has 8: rows would have to move" train codes.textproto --run-dir r7 --set autoencoder.lane_size=32
expect 2 "there is a column 'prediction' already" train codes.textproto --run-dir r7 --set 'stage[0].network={layer{dense{units:5 activation:SOFTMAX}}}' --set 'stage[1].vector_slicer.input_col=probability'
cp -r codes-run cut-codes
truncate -s -20 cut-codes/model/stage_0.safetensors
expect 4 "stage_0.safetensors does not match its checksum" predict cut-codes --data good.libsvm

# Numbers
expect 5 "error: the loss is .* at step .*; its rows, counted from 1:" train good.textproto --run-dir r8 --set network.epochs=50 \
  --set 'network.layer=[{dense{units:1}}]' --set 'network.loss={mean_squared_error{}}' --set 'network.optimizer={sgd{learning_rate:1000}}'

# A rank that throws alone
LOCKSTEP_DRILL=throw:rank=$((ranks - 1)),step=2 expect 1 "a drill: rank $((ranks - 1)) throws at step 2" train good.textproto --run-dir r9
[ ! -e r9/metrics.json ] || { echo "FAILED: a failed run has metrics"; failures=$((failures + 1)); }

# Disk full
mkdir full
if mount -t tmpfs -o size=64k tmpfs full 2>/dev/null; then
  head -c 20000 /dev/zero >full/ballast
  expect 4 "full/run.*No space left\|No space left" train good.textproto --run-dir full/run --set network.epochs=400
  [ -z "$(find full -name '.tmp-*')" ] || { echo "FAILED: a partial file was left"; find full; failures=$((failures + 1)); }
  [ ! -e full/run/model ] || { echo "FAILED: a partial model"; failures=$((failures + 1)); }
else
  echo "SKIPPED disk full: mounting a tmpfs needs root"
fi
# Standard output that takes nothing, and a limit on the size of files: told, with an exit code.
unwritable() {  # COMMAND...: its standard output takes nothing
  local code=0
  "$lockstep" "$@" >/dev/full 2>log || code=$?
  [ "$code" = 4 ] && grep -q "could not be written to standard output" log && return
  echo "FAILED: lockstep $* >/dev/full ends with $code"; tail -15 log; failures=$((failures + 1))
}
limited() {  # KIB CODE TEXT: training with files of at most KIB ends with CODE and TEXT
  local code=0
  (ulimit -f "$1"; exec "$lockstep" train good.textproto --run-dir "limited-$1" 2>&1) | cat >log || code=$?
  [ "$code" = "$2" ] && [ "$(grep -c "$3" log)" = 1 ] && return
  echo "FAILED: with files of at most $1 KiB it ends with $code"; tail -15 log; failures=$((failures + 1))
}
if [ "$ranks" = 1 ]; then
  unwritable show good-run
  unwritable check good.textproto
  unwritable evaluate good-run --data good.libsvm
  unwritable predict good-run --data good.libsvm
  unwritable data head good.libsvm
  limited 1 4 "File too large"
  limited 8 0 "report.html could not be written: .*File too large"
  expect 0 "network" show limited-8
fi
echo "$failures failures"
[ "$failures" = 0 ]
