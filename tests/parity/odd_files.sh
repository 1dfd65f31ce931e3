#!/usr/bin/env bash
# Files as people have them: byte order marks, CR LF, no line end, one line, a very long line, nothing at all; and the cache
# when two jobs make it at once. Each gives the rows of its plain sister, on any number of ranks.
#
#   tests/parity/odd_files.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0 runs=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
mpirun() { "$here/../../scripts/mpirun" "$@"; }
convert() { # RANKS SOURCE OUTPUT [OPTION...]
  runs=$((runs + 1))
  mpirun -n "$1" "$lockstep" data convert "$2" --output "$3" --threads 1 "${@:4}" >log 2>&1 || { fail "$2 on $1 ranks"; cat log; }
}
same_as() { # PLAIN ODD [OPTION...]: the odd file's rows are those of the plain one
  convert 1 "$1" plain.out "${@:3}"
  for ranks in 1 2 5; do
    convert "$ranks" "$2" odd.out "${@:3}"
    cmp -s plain.out odd.out || fail "$2 on $ranks ranks has other rows than $1"
  done
}
says() { # TEXT SOURCE [OPTION...]
  local ranks
  for ranks in 1 3; do
    runs=$((runs + 1))
    if mpirun -n "$ranks" "$lockstep" data convert "$2" --output none --threads 1 "${@:3}" >log 2>&1; then fail "$2 should fail"; fi
    [ "$(grep -c -e "$1" log)" = 1 ] || { fail "$2: not '$1'"; cat log; }
  done
}

"$here/make_table.sh" 101 1 >table.csv
{ printf '\357\273\277'; cat table.csv; } >bom.csv
sed 's/$/\r/' table.csv >crlf.csv
head -c -1 table.csv >no_end.csv
same_as table.csv bom.csv
same_as table.csv no_end.csv
# In CR LF files the line ends inside quotes are CR LF, too: compared without them.
grep -v '"' table.csv | sed 's/$/\r/' >unquoted_crlf.csv
grep -v '"' table.csv >unquoted.csv
if [ "$(wc -l <unquoted.csv)" -lt 2 ]; then printf 'a,b\n1,x\n2,y\n' >unquoted.csv; sed 's/$/\r/' unquoted.csv >unquoted_crlf.csv; fi
same_as unquoted.csv unquoted_crlf.csv
convert 1 crlf.csv crlf.out

"$here/make_rows.sh" 101 1 >rows.libsvm
{ printf '\357\273\277'; sed 's/$/\r/' rows.libsvm | head -c -2; } >odd.libsvm
same_as rows.libsvm odd.libsvm
awk 'BEGIN { for (i = 0; i < 101; i++) printf "{\"x\": %d, \"s\": \"t%d\"}\n", i, i % 7 }' >rows.jsonl
{ printf '\357\273\277'; sed 's/$/\r/' rows.jsonl | head -c -2; } >odd.jsonl
same_as rows.jsonl odd.jsonl --format csv
awk 'BEGIN { for (i = 0; i < 101; i++) printf "%d\tline %d\n", i % 2, i }' >rows.txt
{ printf '\357\273\277'; sed 's/$/\r/' rows.txt | head -c -2; } >odd.txt
same_as rows.txt odd.txt --format csv

for name in csv libsvm jsonl; do : >"empty.$name"; says "no rows in the file" "empty.$name"; done
printf 'a,b\n' >header.csv
says "no rows in the file" header.csv
printf 'a,b\n1,2' >one.csv
convert 3 one.csv one.out --format csv
[ "$(cat one.out)" = "$(printf 'a,b\n1,2')" ] || fail "one row without a line end: $(cat one.out)"
printf '1 2:3' >one.libsvm
convert 3 one.libsvm one.out
[ "$(cat one.out)" = "1 2:3" ] || fail "one row without a line end: $(cat one.out)"

# A line of 100 MB between short ones.
{ printf 'short\n'; head -c 100000000 /dev/zero | tr '\0' x; printf '\nlast'; } >long.txt
cat >long.textproto <<'END'
name: "long"
data { train { text { path: "long.txt" } } cache { enabled: false } }
END
for ranks in 1 3; do
  convert "$ranks" long.textproto long.out --format csv
  cmp -s <(printf 'text\n'; cat long.txt; echo) long.out || fail "the long line on $ranks ranks"
done
rm -f long.*

# Two jobs that make the same cache at once: both have the rows, one dataset is kept, nothing is left half made.
cached=(--set data.cache.min_megabytes=0 --set "data.cache.dir='$work/cache'")
convert 1 rows.libsvm plain.out --no-cache
for round in 1 2 3; do
  rm -rf cache
  pids=()
  for job in 1 2 3; do
    mkdir -p "tmp$job"  # Open MPI 4.1: jobs that start at once may not make the same session folder
    TMPDIR=$PWD/tmp$job mpirun -n 2 "$lockstep" data convert rows.libsvm --output "job$job.out" --threads 1 "${cached[@]}" >"job$job.log" 2>&1 &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || fail "a job that makes the cache with others"; done
  for job in 1 2 3; do cmp -s plain.out "job$job.out" || { fail "job $job has other rows"; cat "job$job.log"; }; done
  [ "$(ls -A cache | wc -l)" = 1 ] || { fail "round $round: not one dataset in the cache"; ls -lA cache; }
done
convert 2 rows.libsvm again.out "${cached[@]}" --verbose
cmp -s plain.out again.out || fail "the cache of several jobs"
grep -q "read from the cache" log || { fail "the cache of several jobs is not used"; cat log; }

# Stages that clean say how many rows they touched.
"$here/make_table.sh" 211 2 >test.csv
"$here/make_table.sh" 1003 1 >table.csv
convert 2 "$here/features/cleaning.textproto" cleaned.csv --data "$work/table.csv" --test "$work/test.csv"
for told in "drop_duplicates: [0-9]* rows dropped" "filter: [0-9]* rows dropped" "drop_nulls: [0-9]* rows dropped" \
  "fill_nulls: [0-9]* rows filled" "replace: [0-9]* rows replaced" "clip: [0-9]* rows clipped" "sample: [0-9]* rows dropped" \
  "cast: [0-9]* rows cast" "rename: [0-9]* rows with the column renamed" "parse_date: [0-9]* rows parsed" \
  "arithmetic: [0-9]* rows computed" "drop_columns: [0-9]* rows freed of the columns named" \
  "select_columns: [0-9]* rows cut to the columns named"; do
  grep -q "$told" log || { fail "nobody says '$told'"; cat log; }
done
echo "$runs runs, $failures failures"
[ "$failures" = 0 ]
