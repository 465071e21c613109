#!/bin/sh
# After the files went; `purge` also forgets the enrolment and everything kept to undo settings.
set -e
unit=muster-agent.service
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload || true
fi
case "$1" in
remove)
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper mask "$unit" >/dev/null || true
  fi
  ;;
purge)
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper purge "$unit" >/dev/null || true
    deb-systemd-helper unmask "$unit" >/dev/null || true
  fi
  rm -rf "${DPKG_ROOT:-}/var/lib/muster-agent"
  ;;
esac
