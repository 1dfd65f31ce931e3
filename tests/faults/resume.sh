#!/usr/bin/env bash
# A rank is killed, a checkpoint is damaged, a signal asks to stop: nothing is lost, no partial file is left, and the resumed run
# ends with the bytes of an undisturbed one.
#
#   tests/faults/resume.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$source/tests/parity/configs/residual.textproto" experiment.textproto
"$source/tests/parity/make_rows.sh" 1003 1 >train.libsvm
"$source/tests/parity/make_rows.sh" 211 2 >test.libsvm

fail() { echo "FAILED: $*"; tail -20 log; exit 1; }
train() { "$source/scripts/mpirun" -n "$1" "$lockstep" train experiment.textproto --threads 1 --run-dir "$2" "${@:3}" >log 2>&1; }
hash_of() { (cd "$1" && sha256sum model/weights.safetensors predictions.csv metrics.jsonl) || echo "none"; }

train 1 whole || fail "the undisturbed run"
hash_of whole >whole.hash

# A killed rank ends the job on all ranks within seconds.
start=$SECONDS
if LOCKSTEP_DRILL=kill:rank=2,step=21 train 4 killed; then fail "a killed rank goes unnoticed"; fi
[ $((SECONDS - start)) -le 20 ] || fail "the job took $((SECONDS - start)) s to end"
sleep 0.5
if pgrep -f "run-dir killed" >/dev/null; then fail "ranks are still alive"; fi
[ ! -e killed/model ] && [ ! -e killed/metrics.json ] || fail "a killed run has a model"
[ "$(find killed/checkpoints -mindepth 1 -maxdepth 1 -name 'step-*' | wc -l)" -ge 2 ] || fail "two checkpoints should be there"

# The newest checkpoint is cut short: the one before is taken, and it says so.
cp -r killed cut
newest=$(find cut/checkpoints -mindepth 1 -maxdepth 1 -name 'step-*' | sort | tail -1)
truncate -s -100 "$newest/weights.safetensors"
train 3 cut --resume || fail "resuming after a cut checkpoint"
grep -q "checkpoint $newest is passed over: weights.safetensors has" log || fail "it does not say which checkpoint it passed over"
hash_of cut | diff whole.hash - || fail "resumed from an older checkpoint, other bytes"

# The same for its state file, and for a checkpoint that lost a file.
cp -r killed lost
newest=$(find lost/checkpoints -mindepth 1 -maxdepth 1 -name 'step-*' | sort | tail -1)
truncate -s 40 "$newest/state.textproto"
train 2 lost --resume || fail "resuming after a cut state file"
hash_of lost | diff whole.hash - || fail "other bytes after a cut state file"

# Undamaged, on more ranks than there are lanes.
train 7 killed --resume || fail "resuming on 7 ranks"
hash_of killed | diff whole.hash - || fail "resumed on 7 ranks, other bytes"

# A run that was over goes on with more epochs, to the bytes of one that had them from the beginning.
epochs=$(sed -n 's/^ *epochs: \([0-9]*\).*/\1/p' experiment.textproto | head -1)
more=$((epochs + 2))
train 2 longer --set network.epochs=$more || fail "the run with more epochs"
hash_of longer >longer.hash
train 3 extended || fail "the run that is to be extended"
train 2 extended --resume --set network.epochs=$more || fail "resuming with more epochs"
hash_of extended | diff longer.hash - || fail "more epochs after the end, other bytes"
grep -q "epochs: $more" extended/config.textproto || fail "config.textproto does not tell of the epochs"
if train 2 extended --resume --set network.global_batch=40; then fail "another batch is no way to go on"; fi
# A schedule that looks ahead was made for the epochs it began with.
train 1 annealed --set network.learning_rate_schedule.cosine.final_factor=0.1 || fail "the run with a cosine"
if train 1 annealed --resume --set network.learning_rate_schedule.cosine.final_factor=0.1 --set network.epochs=$more; then
  fail "a cosine of other steps is taken up"
fi
grep -q "the learning rates of .* were made for" log || fail "it does not say why the cosine cannot go on"

# A signal: checkpoint, exit code 75, resume.
"$source/scripts/mpirun" -n 2 "$lockstep" train experiment.textproto --threads 1 --run-dir stopped --set network.early_stopping.patience=1000 --set network.epochs=400 >log 2>&1 &
job=$!
for _ in $(seq 100); do grep -q "epoch 1/400" log && break; sleep 0.1; done
kill -USR1 "$job"
code=0
wait "$job" || code=$?
[ "$code" = 75 ] || fail "exit code $code after SIGUSR1 instead of 75"
grep -q "stopped by a signal after a checkpoint" log || fail "it does not say that it stopped"

# It may reach one rank alone, one without a lane too: the job stops one step later, in the middle of an epoch.
code=0
LOCKSTEP_DRILL=signal:rank=0,step=5 train 3 driver --set cluster.dedicated_driver=true || code=$?
[ "$code" = 75 ] || fail "exit code $code after a signal to a driver that only drives"
[ "$(ls driver/checkpoints | tail -1)" = step-0000000007 ] || fail "the job did not stop after step 7: $(ls driver/checkpoints)"
train 2 driver --resume || fail "resuming after a signal to the driver"
hash_of driver | diff whole.hash - || fail "stopped by the driver and resumed, other bytes"

# Checkpoints by epochs, by steps and by the clock, and the last of them are kept: 11 steps an epoch, 3 epochs.
steps_of() { train 2 "$1" "${@:2}" || fail "the run $1"; (cd "$1/checkpoints" && echo step-*) | sed 's/step-0*//g'; }
set_checkpoint() { printf -- '--set network.checkpoint={every_epochs:%s,every_steps:%s,every_minutes:%s,keep_last:%s}' "$@"; }
expect_steps() {  # STEPS FOLDER EPOCHS STEPS MINUTES KEPT
  # shellcheck disable=SC2046
  found=$(steps_of "$2" $(set_checkpoint "${@:3}")) || fail "$found"
  [ "$found" = "$1" ] || fail "checkpoints after steps $found instead of $1"
}
expect_steps "22 33" epochs 2 0 0 9
expect_steps "28 32 33" steps 0 4 0 3
expect_steps "11 22 33" both 0 11 0 3
expect_steps "$(seq -s ' ' 33)" clock 0 0 1e-9 99

# An autoencoder before the end and the network behind it, each killed in mid-training: what is finished is not trained again.
earlier_hash() { (cd "$1" && sha256sum model/*.safetensors predictions.csv metrics.jsonl stage_1/metrics.jsonl) || echo "none"; }
cp "$source/tests/parity/configs/code_classifier.textproto" experiment.textproto
train 1 codes || fail "the undisturbed run with two estimators"
earlier_hash codes >codes.hash
if LOCKSTEP_DRILL=kill:rank=1,step=14 train 3 twice; then fail "a rank killed in the first estimator goes unnoticed"; fi
[ -n "$(ls twice/stage_1/checkpoints)" ] && [ ! -e twice/checkpoints ] || fail "checkpoints of the wrong estimator"
code=0
train 1 twice || code=$?
[ "$code" = 4 ] && grep -q "twice holds a run already" log || fail "a second run in the folder of one that was killed in its first estimator"
if LOCKSTEP_DRILL=kill:rank=0,step=30 train 2 twice --resume; then fail "a rank killed in the second estimator goes unnoticed"; fi
grep -q "resuming after step [0-9]* from twice/stage_1/checkpoints" log || fail "the first estimator did not go on"
train 4 twice --resume || fail "resuming the second estimator"
grep -q "resuming after step 20 from twice/stage_1/checkpoints" log || fail "the first estimator was not finished"
grep -q "resuming after step [0-9]* from twice/checkpoints" log || fail "the second estimator did not go on"
earlier_hash twice | diff codes.hash - || fail "two estimators killed and resumed, other bytes"

# A signal reaches the first of them.
code=0
LOCKSTEP_DRILL=signal:rank=0,step=5 train 2 early || code=$?
[ "$code" = 75 ] || fail "exit code $code after a signal in the first estimator"
[ ! -e early/model ] || fail "a stopped run has a model"
train 3 early --resume || fail "resuming after a signal in the first estimator"
earlier_hash early | diff codes.hash - || fail "stopped in the first estimator and resumed, other bytes"

# Without its checkpoints it is trained again, and the second one goes on.
cp -r twice again
rm -r again/stage_1 again/model
train 2 again --resume || fail "resuming without the first estimator's checkpoints"
earlier_hash again | diff codes.hash - || fail "the first estimator trained again, other bytes"
cp "$source/tests/parity/configs/residual.textproto" experiment.textproto

# Another config or other data must not be resumed.
code=0
train 2 whole --resume --set network.global_batch=160 || code=$?
[ "$code" = 2 ] || fail "exit code $code for another config"
grep -q "is of another experiment" log || fail "it does not say that the config differs"
echo "killed, damaged, stopped, resumed: the same bytes"
