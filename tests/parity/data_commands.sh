#!/usr/bin/env bash
# The promise, for `lockstep data`: what split and convert write, and what stats and head show, are the same bytes on any
# number of ranks; the parts of a split are the rows of the source, each once; rows kept in the cache are found there.
#
#   tests/parity/data_commands.sh LOCKSTEP
set -euo pipefail
lockstep=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$here/make_table.sh" 1003 1 >table.csv
"$here/make_rows.sh" 503 1 >rows.libsvm

failures=0 runs=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
data() { # RANKS SUBCOMMAND...
  local ranks=$1
  shift
  "$here/../../scripts/mpirun" -n "$ranks" "$lockstep" data "$@" --threads 1 2>log || { fail "$*"; cat log; }
}
every_row_once() { # SOURCE FOLDER: its files hold the rows of the source and nothing else
  cmp -s <(sort "$1") <(cat "$2"/* | sort)
}
split() { # NAME SOURCE OPTION...
  local name=$1 source=$2 ranks
  shift 2
  for ranks in 1 2 3 5 8; do
    runs=$((runs + 1))
    data "$ranks" split "$source" --output "$name$ranks" "$@" >"$name$ranks.out"
    diff -r "$name$ranks" "${name}1" >/dev/null || fail "$name: $ranks ranks differ"
    cmp -s <(sed "s/$name$ranks/NAME/" "$name$ranks.out") <(sed "s/${name}1/NAME/" "${name}1.out") || fail "$name: $ranks ranks say other things"
  done
  [ -z "$(find . -name '.tmp-*')" ] || fail "$name: a temporary file was left"
}
lines() { wc -l <"$1"; }

# The CSV as Lockstep writes it: what its splits are compared with.
data 1 convert table.csv --output whole.csv >/dev/null
header=$(head -1 whole.csv)
header_in_each() { for file in "$1"/*; do [ "$(head -1 "$file")" = "$header" ] || fail "$file has no header"; done; }

split random table.csv --weights 70 20 10
header_in_each random1
[ "$(ls random1)" = "$(printf 'test.csv\ntrain.csv\nvalidation.csv')" ] || fail "random: files"
grep -q '^702 rows -> random1/train.csv$' random1.out || { fail "random: sizes"; cat random1.out; }
# A record may span lines: rows are counted by Lockstep itself.
for part in train validation test; do data 1 convert "random1/$part.csv" --output "random1/$part.libsvm" --format libsvm --features score --label target >/dev/null; done
[ "$(cat random1/*.libsvm | wc -l)" = 1003 ] || fail "random: rows"
rm random1/*.libsvm
split seeded table.csv --weights 70 20 10 --seed 9
cmp -s seeded1/train.csv random1/train.csv && fail "another seed gives the same rows"
split stratified table.csv --weights 3 1 --stratify-by city
split ordered table.csv --weights 3 1 --order-by score
split grouped table.csv --weights 3 1 --group-by city
split by_columns table.csv --folds 4 --stratify-by city --format tsv
split folds rows.libsvm --folds 3
[ "$(ls folds1)" = "$(printf 'fold_0.libsvm\nfold_1.libsvm\nfold_2.libsvm')" ] || fail "folds: files"
[ "$(lines folds1/fold_0.libsvm) $(lines folds1/fold_2.libsvm)" = "168 167" ] || fail "folds: sizes"
data 1 convert rows.libsvm --output rows.again >/dev/null
every_row_once rows.again folds1 || fail "folds: not every row once"
split in_order rows.libsvm --weights 0.8 0.2 --in-order
cat in_order1/train.libsvm in_order1/validation.libsvm | cmp -s - rows.again || fail "in order: not the rows in their order"
cat >experiment.textproto <<'END'
name: "split"
data { train { csv { path: "table.csv" null_value: "NA" } } split { weights: [0.6, 0.4] stratify_by: "city" } }
END
split experiment experiment.textproto

for what in stats head; do
  data 1 "$what" table.csv >"$what.one"
  for ranks in 2 3 5; do
    runs=$((runs + 1))
    data "$ranks" "$what" table.csv >"$what.more"
    cmp -s "$what.one" "$what.more" || fail "$what: $ranks ranks differ"
  done
done

data 2 convert rows.libsvm --format cache --output kept >convert.out
grep -q '^503 rows -> kept$' convert.out || { fail "cache: $(cat convert.out)"; }
data 3 load rows.libsvm --json --set data.cache.min_megabytes=0 --set "data.cache.dir='$work/kept'" >load.out
grep -q '"from_cache":true' load.out || fail "the cache is not found: $(cat load.out)"

expect() { # TEXT OPTION...
  local text=$1
  shift
  if "$here/../../scripts/mpirun" -n 2 "$lockstep" data "$@" --threads 1 >log 2>&1; then fail "$* should fail"; fi
  [ "$(grep -c -e "$text" log)" = 1 ] || { fail "$*: not '$text'"; cat log; }
}
expect "a split has weights of train, validation and perhaps test" split table.csv --output none
expect "column 'citi'" split table.csv --output none --weights 1 1 --stratify-by citi
expect "folds are of equal size" split table.csv --output none --folds 3 --in-order
expect "cannot .*table.csv/none" split table.csv --output table.csv/none --weights 1 1
expect "libsvm holds numbers" split table.csv --output none --weights 1 1 --format libsvm --label city
[ -z "$(ls none 2>/dev/null)" ] || fail "a failed split has left files"
echo "$runs runs, $failures failures"
[ "$failures" = 0 ]
