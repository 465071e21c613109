#!/bin/sh
# Before the files go: stop the service. An upgrade leaves it running until the new version restarts it.
set -e
[ "$1" = remove ] || exit 0
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop muster-agent.service >/dev/null || true
fi
if [ -e "${DPKG_ROOT:-}/var/lib/muster-agent/agent.json" ]; then
  echo 'This device is still enrolled, and what was managed stays as it is. "muster-agent leave" before the removal takes it back.' >&2
fi
