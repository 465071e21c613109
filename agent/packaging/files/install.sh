#!/bin/sh
# Installs the Muster agent from the server that it came from, enrols this device and keeps it managed.
#
#   sh install.sh [--code CODE] [options of "muster-agent enroll"]
#
# MUSTER_INSTALL_ROOT=DIR installs into the system mounted at DIR (an image, say) and leaves this machine alone.
# Repeated, it puts the version that the server offers now in place of the one there is.
# Words between at signs are filled in by the server. The whole is one function, so that half a script does nothing.
set -eu
umask 022

server=@SERVER@
packages=@PACKAGES@
version=@VERSION@
# "system": the server's certificate is judged as usual. "checksum": it is of the server's own authority, which this machine does not
# know yet; what is fetched holds no secret and counts only if it has the checksum below, and the agent itself judges by the fingerprint.
trust=@TRUST@

fail() {
  echo "muster-agent: $*" >&2
  exit 1
}

fetch() {
  if command -v curl >/dev/null; then
    [ "$trust" = system ] || set -- "$@" --insecure
    url=$1 to=$2
    shift 2
    curl -fsS --retry 5 --connect-timeout 20 --speed-limit 1000 --speed-time 60 -o "$to" "$@" "$url"
  elif command -v wget >/dev/null; then
    [ "$trust" = system ] || set -- "$@" --no-check-certificate
    url=$1 to=$2
    shift 2
    wget -q -T 60 -O "$to" "$@" "$url"
  else
    fail 'Neither curl nor wget is installed.'
  fi
}

choose_archive() {
  case "$(uname -s) $(uname -m)" in
@ARCHIVES@
  *) fail "The server has no agent for $(uname -s) on $(uname -m)." ;;
  esac
}

check_place() {
  if [ -z "$root" ]; then
    [ "$(id -u)" = 0 ] || fail 'This needs root: write "sudo sh" for "sh".'
  else
    # Absolute links of a foreign tree would lead out of it.
    for at in usr usr/lib usr/bin etc etc/systemd etc/systemd/system etc/systemd/system/multi-user.target.wants; do
      [ ! -L "$root/$at" ] || fail "$root/$at is a symbolic link."
    done
  fi
  [ ! -e "$root/var/lib/dpkg/info/muster-agent.list" ] ||
    fail "The Debian package muster-agent is installed. Update it, then: muster-agent enroll --server '$server' --code $code"
}

unpack() {
  echo "Fetching muster-agent $version"
  fetch "$packages/$archive" "$work/archive" || fail "$packages/$archive cannot be fetched."
  echo "$sum  $work/archive" | sha256sum -c - >/dev/null 2>&1 ||
    fail "What $packages sent is not the package that was named (its SHA-256 differs). Nothing was installed."
  tar -xzof "$work/archive" -C "$work" || fail 'The package cannot be unpacked. Is the disk full?'
  "$work/${archive%.tar.gz}/bin/muster-agent" --version >/dev/null ||
    fail 'The agent does not run here. It needs the GNU C library 2.28 or later and libstdc++.'
}

install_files() {
  lib=$root/usr/lib/muster-agent
  units=$root/etc/systemd/system
  mkdir -p "$root/usr/bin" "$units/multi-user.target.wants"
  [ ! -e "$lib" ] || mv "$lib" "$work/former"
  mv "$work/${archive%.tar.gz}" "$lib"
  ln -sfn ../lib/muster-agent/bin/muster-agent "$root/usr/bin/muster-agent"
  cp "$lib/muster-agent.service" "$units/.muster-agent.service"
  mv "$units/.muster-agent.service" "$units/muster-agent.service"
  ln -sfn ../muster-agent.service "$units/multi-user.target.wants/muster-agent.service"
}

# Licence and ownership are asked at the terminal: standard input may be this very script.
enrol() {
  set -- enroll --server "$server" --code "$code" "$@"
  [ -z "$root" ] || set -- "$@" --root "$root"
  if (: </dev/tty) 2>/dev/null; then
    "$lib/bin/muster-agent" "$@" </dev/tty
  else
    "$lib/bin/muster-agent" "$@" </dev/null
  fi
}

main() {
  code=@CODE@
  if [ "${1-}" = --code ]; then
    code=${2-}
    shift 2 || fail 'A code must follow --code.'
  fi
  case $code in
  '' | *[!0-9A-Za-z-]*) fail 'Give the enrolment code of your invitation: --code CODE' ;;
  esac
  root=${MUSTER_INSTALL_ROOT:-}
  root=${root%/}
  choose_archive
  check_place
  command -v sha256sum >/dev/null || fail 'sha256sum is not installed.'
  live=
  [ -n "$root" ] || [ ! -d /run/systemd/system ] || live=yes

  mkdir -p "$root/usr/lib"
  work=$(mktemp -d "$root/usr/lib/.muster-agent.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  unpack
  # A running agent would hold the lock that enrolment needs.
  [ -z "$live" ] || systemctl stop muster-agent.service 2>/dev/null || true
  install_files
  enrolled=0
  enrol "$@" || enrolled=$?
  if [ -n "$live" ]; then
    systemctl daemon-reload
    # Without an enrolment the unit starts nothing.
    systemctl enable --quiet muster-agent.service
    systemctl start muster-agent.service
  fi
  [ "$enrolled" = 0 ] || fail 'The agent is installed, but the device is not enrolled. See above, then run this again.'
  if [ -n "$live" ]; then
    echo 'The agent runs as the service muster-agent. "muster-agent status" shows what is managed.'
  elif [ -z "$root" ]; then
    echo 'There is no systemd here: have "muster-agent run" started at boot.'
  fi
}

main "$@"
