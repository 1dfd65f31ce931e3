#!/usr/bin/env bash
# The promise under Slurm: a cluster of one node, this machine; ranks started by srun, the same bytes as one rank; a rank that fails
# ends the job; scripts/slurm/train.sbatch stops with a checkpoint, is requeued and goes on. Skipped (77) without Slurm.
#
#   tests/parity/slurm.sh LOCKSTEP
set -euo pipefail
LOCKSTEP=$(realpath "$1")
export LOCKSTEP
source=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd srun sbatch; do
  command -v $program >/dev/null || { echo "SKIPPED: $program is missing (apt-get install slurm-wlm munge)"; exit 77; }
done

work=$(mktemp -d)
chmod 755 "$work"
export SLURM_CONF=$work/slurm.conf
daemons=()
cleanup() {
  scancel --full --signal=KILL --user="$(id -un)" 2>/dev/null || true
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    kill "${daemons[i]}" 2>/dev/null || true
    wait "${daemons[i]}" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "FAILED: $*"; tail -n 20 ./log ./job.log 2>/dev/null || true; exit 1; }

free_port() {  # below the ports that the system deals out
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo $port
}

start_cluster() {
  mkdir "$work"/{state,tmp,spool}
  mkdir -m 711 "$work/munge"
  (umask 077 && head -c 1024 /dev/urandom >"$work/munge/key")
  cat >"$SLURM_CONF" <<END
ClusterName=lockstep
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
SlurmctldPidFile=$work/slurmctld.pid
StateSaveLocation=$work/state
SlurmdPidFile=$work/slurmd.pid
SlurmdSpoolDir=$work/spool
TmpFS=$work/tmp
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait=5
SchedulerParameters=batch_sched_delay=0,sched_interval=1
NodeName=one NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(free_port) CPUs=8
PartitionName=all Nodes=one Default=YES State=UP
END
  munged --foreground --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
    --seed-file="$work/munge/seed" --num-threads=2 >"$work/munged.log" 2>&1 &
  daemons+=($!)
  slurmctld -D -c >"$work/slurmctld.log" 2>&1 &
  daemons+=($!)
  slurmd -D -N one >"$work/slurmd.log" 2>&1 &
  daemons+=($!)
  for _ in $(seq 100); do
    if [ "$(timeout 5 sinfo -h -t idle -o %D 2>/dev/null)" = 1 ]; then return; fi
    sleep 0.2
  done
  tail -n 5 "$work"/*.log
  echo "SKIPPED: no Slurm of one's own can be started here"
  exit 77
}

start_cluster
if ! srun --mpi=list 2>&1 | grep -q pmix; then echo "SKIPPED: this Slurm does not speak PMIx"; exit 77; fi
cd "$work"
cp "$source/tests/parity/configs/residual.textproto" experiment.textproto
"$source/tests/parity/make_rows.sh" 1003 1 >train.libsvm
"$source/tests/parity/make_rows.sh" 211 2 >test.libsvm

train_by_srun() {  # RANKS FOLDER [OPTION...]
  timeout -k 5 60 srun --mpi=pmix --ntasks="$1" "$LOCKSTEP" train experiment.textproto --threads 1 --run-dir "$2" "${@:3}" >log 2>&1
}
digest() {
  sed '/"timing"/,$d' "$1/metrics.json" >"$1/judged.json"
  (cd "$1" && sha256sum model/weights.safetensors predictions.csv metrics.jsonl judged.json)
}

"$LOCKSTEP" train experiment.textproto --threads 1 --run-dir one >log 2>&1 || fail "one rank alone"
digest one | tee one.digest
for ranks in 2 3 7; do
  train_by_srun $ranks "srun$ranks" || fail "srun with $ranks ranks"
  grep -q " $ranks ranks x" log || fail "srun did not make a world of $ranks ranks"
  digest "srun$ranks" | diff one.digest - || fail "$ranks ranks of srun differ from one rank"
  echo "srun, $ranks ranks: the same bytes"
done

# A rank alone throws, or is killed: the job ends, with the rank's code.
for drill in throw:1 kill:137; do
  start=$SECONDS code=0
  LOCKSTEP_DRILL=${drill%:*}:rank=1,step=5 train_by_srun 3 failed || code=$?
  [ "$code" = "${drill#*:}" ] || fail "a rank's ${drill%:*} ended with $code instead of ${drill#*:}"
  [ $((SECONDS - start)) -le 20 ] || fail "the job took $((SECONDS - start)) s to end"
  [ ! -e failed/model ] || fail "a failed run has a model"
  rm -rf failed
done
echo "a failed rank ends the job"

# The batch script is told that its time is up, as by --signal=B:USR1; Slurm requeues the job, with two minutes' wait, cut short.
longer=(--set network.early_stopping.patience=1000 --set network.epochs=40)
"$LOCKSTEP" train experiment.textproto --threads 1 --run-dir whole "${longer[@]}" >log 2>&1 || fail "the undisturbed run"
job=$(sbatch --parsable --ntasks-per-node=2 --cpus-per-task=1 --output=job.log "$source/scripts/slurm/train.sbatch" \
  experiment.textproto job "${longer[@]}")
wait_for() {  # TEXT: in job.log, for a minute
  for _ in $(seq 300); do grep -q "$1" job.log 2>/dev/null && return; sleep 0.2; done
  fail "the job never said '$1'"
}
wait_for "epoch 2/40"
scancel --batch --signal=USR1 "$job"
wait_for "requeued: the next attempt goes on"
for _ in $(seq 100); do [ "$(squeue -h -j "$job" -o %T)" = PENDING ] && break; sleep 0.2; done
sleep 2  # a node refuses to start a job within the second in which it was told to end it
scontrol update JobId="$job" StartTime=now
wait_for "resuming after step"
wait_for " done: job"
digest whole >whole.digest
digest job | diff whole.digest - || fail "stopped, requeued and resumed by Slurm, other bytes"
echo "sbatch: stopped by a signal, requeued, resumed: the same bytes"
