#!/usr/bin/env bash
# Runs an example: its mock targets (ports 8081 to 8083) and sluice in its directory (port 8080), until Ctrl+C.
#
#   examples/run.sh paths                       further words are sluice's own: examples/run.sh servers-file --interval 1
#
# SLUICE names a compiled program to use instead of the sources; MOCK_PORTS other ports for the mock targets.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if (($# == 0)); then
  echo "Which one? $(cd "$root/examples" && echo */ | tr -d /)"
  exit 2
fi
example=$1
shift
[[ -d $example ]] || example=$root/examples/$example
[[ -d $example ]] || { echo "There is no example $example"; exit 2; }

permissions=(--allow-net --allow-read --allow-env --allow-write=/var/lib/sluice --no-prompt)
if [[ -n ${SLUICE:-} ]]; then
  sluice=("$SLUICE")
elif command -v deno >/dev/null 2>&1; then
  sluice=(deno run --no-check "${permissions[@]}" --config "$root/deno.json" "$root/main.ts")
else
  sluice=(npx -y deno@2.9.6 run --no-check "${permissions[@]}" --config "$root/deno.json" "$root/main.ts")
fi

started=()
finish() {
  trap - EXIT INT TERM
  if ((${#started[@]} > 0)); then
    kill "${started[@]}" 2>/dev/null || true
    wait "${started[@]}" 2>/dev/null || true
  fi
}
trap finish EXIT
trap 'exit 0' INT TERM

read -ra ports <<<"${MOCK_PORTS:-8081 8082 8083}"
"${sluice[@]}" mock "${ports[@]}" &
started+=($!)

cd "$example"
arguments=("$@")
if [[ -e servers.json ]]; then arguments=(--config servers.json "$@"); fi
"${sluice[@]}" serve ${arguments[@]+"${arguments[@]}"} &
started+=($!)
# Ends when either does: a port may be taken.
wait -n "${started[@]}"
