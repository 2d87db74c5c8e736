#!/usr/bin/env bash
# Lint every .sql file. Two are included by others and are no whole statement; here each is given what it lacks.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
sqlfluff lint --nocolor src benchmarks || status=1
echo "src/bestiary/events/raw.sql, as [stdin]:"
{ printf 'WITH '; cat src/bestiary/events/raw.sql; printf '\nSELECT * FROM raw\n'; } | sqlfluff lint --nocolor - || status=1
echo "src/bestiary/events/judged.sql, as [stdin]:"
{ cat src/bestiary/events/judged.sql; printf '\nSELECT * FROM judged\n'; } | sqlfluff lint --nocolor - || status=1
exit "$status"
