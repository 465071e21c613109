#!/bin/sh
# After the files are in place: enable the service, unless an administrator disabled it, and start it if the device is enrolled.
set -e
unit=muster-agent.service

case "$1" in
configure | abort-upgrade | abort-deconfigure | abort-remove) ;;
*) exit 0 ;;
esac

if command -v deb-systemd-helper >/dev/null; then
  deb-systemd-helper unmask "$unit" >/dev/null || true
  if deb-systemd-helper --quiet was-enabled "$unit"; then
    deb-systemd-helper enable "$unit" >/dev/null || true
  else
    deb-systemd-helper update-state "$unit" >/dev/null || true
  fi
fi

# Not for another tree (DPKG_ROOT), in a chroot, or where another init runs.
[ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ] || exit 0
systemctl --system daemon-reload || true
if grep -qs "/$unit" /proc/self/cgroup; then
  # The agent itself is installing this: it is restarted once that is over.
  systemd-run --quiet --collect --on-active=60 systemctl try-restart "$unit" || true
elif [ -n "$2" ]; then
  deb-systemd-invoke restart "$unit" >/dev/null || true
else
  deb-systemd-invoke start "$unit" >/dev/null || true
fi
