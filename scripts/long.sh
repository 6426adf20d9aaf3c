#!/usr/bin/env bash
# Runs the tests that take so long that make test leaves them out, or tries only few times what
# they try by chance: those that call childtest.Long or childtest.Times, and no others. Its
# arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(grep -rl --include='*_test.go' -E 'childtest\.(Long|Times)\(' .)
# The nearest test above each call is the one that makes it.
names=$(awk '/^func Test/ { split($2, name, "(") } /childtest\.(Long|Times)\(/ { print name[1] }' "${files[@]}" | sort -u | paste -sd '|')
mapfile -t folders < <(dirname "${files[@]}" | sort -u)

TEST_INTEGRATION=1 exec go test -count=1 -timeout 30m -run "^($names)\$" "$@" "${folders[@]}"
