#!/usr/bin/env bash
# The promise over a network: two hosts made of network namespaces, ranks on both, TCP between them; the same bytes as one
# rank. Needs root and iproute2; skipped (77) elsewhere.
#
#   tests/parity/two_hosts.sh LOCKSTEP [CONFIG] [OPTION OF lockstep train...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lockstep=$(realpath "$1") config=${2:-$here/configs/residual.textproto}
shift $(($# < 2 ? $# : 2))
config=$(realpath "$config")
left=lockstep-$$-a right=lockstep-$$-b
work=$(mktemp -d)
cleanup() {
  ip netns del "$left" 2>/dev/null || true
  ip netns del "$right" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
if ! command -v ip >/dev/null || ! ip netns add "$left" 2>/dev/null; then
  echo "SKIPPED: network namespaces need root and iproute2"
  exit 77
fi
ip netns add "$right"
ip link add "ve$$a" netns "$left" type veth peer name "ve$$b" netns "$right"
ip -n "$left" addr add 10.77.0.1/24 dev "ve$$a"
ip -n "$right" addr add 10.77.0.2/24 dev "ve$$b"
for end in "$left ve$$a" "$right ve$$b"; do
  ip -n "${end% *}" link set "${end#* }" up
  ip -n "${end% *}" link set lo up
done

# In place of ssh: enters the other namespace under a host name of its own, so that no rank takes it for this machine.
cat >"$work/agent" <<AGENT
#!/bin/sh
shift
exec ip netns exec $right unshare --uts sh -c "hostname host-b; \$*"
AGENT
chmod +x "$work/agent"
printf '10.77.0.1 slots=8\n10.77.0.2 slots=8\n' >"$work/hosts"

cd "$work"
if [ "$(dirname "$config")" = "$here/configs" ]; then
  cp "$config" experiment.textproto
  config=$work/experiment.textproto
  "$here/make_rows.sh" 1003 1 >train.libsvm
  "$here/make_rows.sh" 211 2 >test.libsvm
fi

# For Open MPI 4, and for Open MPI 5 with its PRRTE.
export OMPI_MCA_plm_rsh_agent=$work/agent PRTE_MCA_plm_ssh_agent=$work/agent
export OMPI_MCA_oob_tcp_if_include=10.77.0.0/24 PRTE_MCA_prte_if_include=10.77.0.0/24
export OMPI_MCA_btl_tcp_if_include=10.77.0.0/24 OMPI_MCA_btl=tcp,self OMPI_MCA_pml=ob1

two_hosts() {  # RANKS FOLDER [OPTION...]: ranks dealt out to both hosts in turns
  local ranks=$1 folder=$2
  shift 2
  ip netns exec "$left" unshare --uts sh -c 'hostname host-a; exec "$@"' sh \
    mpirun --allow-run-as-root --oversubscribe --bind-to none --map-by node --hostfile "$work/hosts" \
    -n "$ranks" "$lockstep" train "$config" --threads 1 --run-dir "$folder" "$@"
}

digest() {
  sed '/"timing"/,$d' "$1/metrics.json" >"$1/judged.json"
  (cd "$1" && sha256sum model/weights.safetensors predictions.csv metrics.jsonl judged.json)
}

"$lockstep" train "$config" --threads 1 --run-dir one "$@" >log 2>&1 || { cat log; exit 1; }
digest one | tee one.digest
for ranks in 2 3; do
  two_hosts "$ranks" "two$ranks" --verbose "$@" >log 2>&1 || { tail -30 log; exit 1; }
  grep -q "host host-b" log || { echo "FAILED: no rank ran on the second host"; exit 1; }
  digest "two$ranks" | diff one.digest - || { echo "FAILED: $ranks ranks on two hosts differ from one rank"; exit 1; }
  echo "$ranks ranks on two hosts: the same bytes"
done
