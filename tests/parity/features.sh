#!/usr/bin/env bash
# The promise, for feature stages and sources: the rows behind the stages are the same bytes on any number of ranks and
# threads, with or without a dedicated driver, from the cache or parsed, in memory or beyond it; and so is the cache.
#
#   tests/parity/features.sh LOCKSTEP CONFIG
set -euo pipefail
lockstep=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$2" "$work/experiment.textproto"
cd "$work"
"$here/make_table.sh" 1003 1 >table.csv
"$here/make_table.sh" 211 2 >test.csv
"$here/make_rows.sh" 1003 1 >rows.libsvm
mkdir -p parts texts/good texts/bad
head -n 500 rows.libsvm >parts/a.libsvm
tail -n +501 rows.libsvm | gzip >parts/b.libsvm.gz
for i in $(seq 1 23); do echo "text number $i of $((i % 5))" >texts/$([ $((i % 3)) = 0 ] && echo bad || echo good)/$i.txt; done
awk 'BEGIN { for (i = 1; i <= 1003; i++) printf "%d\tline %d with %d words\n", i % 2, i, i % 7 }' >labelled.txt
awk 'BEGIN { for (i = 1; i <= 307; i++) printf "{\"x\": %d.5, \"name\": \"n%d\", \"ok\": %s%s}\n", i, i % 11, i % 2 ? "true" : "null", i % 50 ? "" : ", \"late\": 1" }' >rows.jsonl

{ printf '\0\0\10\3\0\0\1\55\0\0\0\2\0\0\0\3'; awk 'BEGIN { for (i = 0; i < 301 * 6; i++) printf "%c", 32 + i * 7 % 90 }'; } >images.idx
{ printf '\0\0\10\1\0\0\1\55'; awk 'BEGIN { for (i = 0; i < 301; i++) printf "%c", 48 + i % 10 }'; } >labels.idx

failures=0 runs=0
part=train
if grep -q '^  split {' experiment.textproto; then part=validation; fi
convert() {  # RANKS THREADS OUTPUT [OPTION...]
  local ranks=$1 threads=$2 output=$3
  shift 3
  "$here/../../scripts/mpirun" -n "$ranks" "$lockstep" data convert experiment.textproto --part "$part" --threads "$threads" --output "$output" \
    --check-collectives "$@" >log 2>&1
}
same() {  # NAME FILE REFERENCE
  runs=$((runs + 1))
  if cmp -s "$2" "$3"; then return; fi
  echo "FAILED: $1 differs"
  diff "$3" "$2" | head -5 || true
  failures=$((failures + 1))
}
run() {  # NAME RANKS THREADS [OPTION...]
  local name=$1
  shift
  if ! convert "$1" "$2" out.csv "${@:3}"; then echo "FAILED: $name"; tail -20 log; failures=$((failures + 1)); fi
  same "$name" out.csv one.csv
  rm -f out.csv
}
hash_cache() { (cd "$1" && find . -type f ! -name dataset | sort | xargs sha256sum); }  # dataset holds the files' times

convert 1 1 one.csv || { cat log; exit 1; }
wc -lc one.csv
for ranks in 2 3 4 5 7 8; do run "$ranks ranks" "$ranks" 1; done
for ranks in 1 2 3; do run "$ranks ranks x 2 threads" "$ranks" 2; done
run "5 ranks, rank 0 only drives" 5 1 --set cluster.dedicated_driver=true
run "3 ranks, beyond memory" 3 2 --set data.memory_limit=0.01
for ranks in 1 3; do
  cached=(--set data.cache.min_megabytes=0 --set "data.cache.dir='$work/cache$ranks'")
  run "$ranks ranks, into the cache" "$ranks" 1 "${cached[@]}"
  hash_cache "cache$ranks" >"cache$ranks.sums"
  run "$((ranks + 1)) ranks, from the cache of $ranks" "$((ranks + 1))" 1 "${cached[@]}"
done
same "the cache of 3 ranks" cache3.sums cache1.sums
for file in $(find cache1 -name 'rows-*' | head -1); do printf 'x' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 9)) conv=notrunc 2>/dev/null; done
cached=(--set data.cache.min_megabytes=0 --set "data.cache.dir='$work/cache1'")
run "2 ranks, a damaged cache" 2 1 "${cached[@]}"
[ ! -s cache1.sums ] || grep -q "made anew" log || { echo "FAILED: nobody noticed the damage"; failures=$((failures + 1)); }
hash_cache cache1 >again.sums
same "the cache made anew" again.sums cache1.sums
echo "$runs runs, $failures failures"
[ "$failures" = 0 ]
