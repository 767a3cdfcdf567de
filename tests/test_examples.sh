#!/usr/bin/env bash
# Asks a running sluice what the examples promise: six times /test, then /api/users and /web/dashboard.
# Run it while `examples/run.sh paths` runs; SLUICE_URL names another address. Exit code 1 where an answer is not 200.
set -euo pipefail
url=${SLUICE_URL:-http://127.0.0.1:8080}
failed=0

ask() {
  local answer
  answer=$(curl --silent --show-error --max-time 10 --write-out '\n%{http_code}' "$url$1") || answer=$'\n000'
  local status=${answer##*$'\n'}
  local server
  server=$(grep -m1 -oE '"server": "[^"]*"' <<<"$answer" || true)
  echo "$1 $status ${server:-no server}"
  [[ $status == 200 ]] || failed=1
}

for _ in 1 2 3 4 5 6; do ask /test; done
ask /api/users
ask /web/dashboard
exit $failed
