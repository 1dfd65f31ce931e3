#!/usr/bin/env bash
# Every stage and source of the schema stands in an experiment whose bytes are compared over ranks.
#
#   tests/parity/coverage.sh [FOLDER]    the repository by default; another one to test this test
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
missing=0
for kind in $(sed -n '/oneof kind/,/^  }/s/^    [A-Z][A-Za-z0-9]* \([a-z0-9_]*\) = .*/\1/p' core/proto/stage.proto core/proto/data.proto); do
  if ! grep -qE "(^|[^a-z_])$kind \{" tests/parity/configs/*.textproto tests/parity/features/*.textproto; then
    echo "no experiment of tests/parity has $kind { }"
    missing=$((missing + 1))
  fi
done
[ "$missing" = 0 ]
