#!/usr/bin/env bash
# Starts mock targets and a sluice that checks them, asks it some questions, and cleans up. Exit code 1 where one fails.
# SLUICE, MOCK_PORTS: as for examples/run.sh. An example (or a directory) may be named; default: health-checks.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
url=${SLUICE_URL:-http://127.0.0.1:8080}

"$root/examples/run.sh" "${1:-health-checks}" &
running=$!
finish() {
  kill "$running" 2>/dev/null || true
  wait "$running" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 1' INT TERM

for _ in $(seq 100); do
  kill -0 "$running" 2>/dev/null || { echo "It did not start"; exit 1; }
  if curl --silent --fail --max-time 2 --output /dev/null "$url/"; then break; fi
  sleep 0.1
done
SLUICE_URL=$url "$root/tests/test_examples.sh"
