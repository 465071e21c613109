#!/bin/sh
# Starts the agent with the runtime that came with it, whatever the caller's environment asks of Node.js.
here=$(dirname "$(readlink -f "$0")")
unset NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE
# The agent idles most of its life, and memory counts more than speed: a small young generation, and no compilers, which keeps
# about 15 MB of compiled code, feedback and compiler out of memory.
exec "$here/../lib/node" --max-semi-space-size=1 --v8-pool-size=1 --no-opt --no-maglev --no-sparkplug \
  "$here/../lib/muster-agent.mjs" "$@"
