/** The packages that simulated devices have and can get: an excerpt of Debian 12's archive, true names and versions. */

const everywhere = `
adduser 3.134;apparmor 3.0.8-3;apt 2.6.1;apt-utils 2.6.1;base-files 12.4+deb12u11;base-passwd 3.6.1;bash 5.2.15-2+b8;bash-completion 1:2.11-6;
bind9-dnsutils 1:9.18.33-1~deb12u2;bsdextrautils 2.38.1-5+deb12u3;bsdutils 1:2.38.1-5+deb12u3;bzip2 1.0.8-5+b1;ca-certificates 20230311+deb12u1;
console-setup 1.221+deb12u1;coreutils 9.1-1;cpio 2.13+dfsg-7.1;cron 3.0pl1-162;cron-daemon-common 3.0pl1-162;curl 7.88.1-10+deb12u14;dash 0.5.12-2;
dbus 1.14.10-1~deb12u1;dbus-user-session 1.14.10-1~deb12u1;debconf 1.5.82;debian-archive-keyring 2023.3+deb12u2;debianutils 5.7-0.5~deb12u1;
diffutils 1:3.8-4;discover 2.1.2-10;dmidecode 3.4-1;dmsetup 2:1.02.185-2;dosfstools 4.2-1;dpkg 1.21.22;e2fsprogs 1.47.0-2;eject 2.38.1-5+deb12u3;
fdisk 2.38.1-5+deb12u3;file 1:5.44-3;findutils 4.9.0-4;gettext-base 0.21-12;gpgv 2.2.40-1.1+deb12u2;grep 3.8-5;groff-base 1.22.4-10;
grub-common 2.06-13+deb12u1;grub-efi-amd64 2.06-13+deb12u1;gzip 1.12-1;hostname 3.23+nmu1;ifupdown 0.8.41;init 1.65.2;init-system-helpers 1.65.2;
initramfs-tools 0.142+deb12u3;iproute2 6.1.0-3;iputils-ping 3:20221126-1+deb12u1;keyboard-configuration 1.221+deb12u1;kmod 30+20221128-1;
krb5-locales 1.20.1-2+deb12u3;less 590-2.1~deb12u2;libapparmor1 3.0.8-3;libapt-pkg6.0 2.6.1;libbpf1 1:1.1.2-0+deb12u1;libbrotli1 1.0.9-2+b6;
libbz2-1.0 1.0.8-5+b1;libc-bin 2.36-9+deb12u14;libc6 2.36-9+deb12u14;libcap-ng0 0.8.3-1+b3;libcbor0.8 0.8.0-2+b1;libcurl4 7.88.1-10+deb12u14;
libexpat1 2.5.0-1+deb12u2;libfdisk1 2.38.1-5+deb12u3;libffi8 3.4.4-1;libgcrypt20 1.10.1-3;libglib2.0-0 2.74.6-2+deb12u7;libgnutls30 3.7.9-2+deb12u5;
libgssapi-krb5-2 1.20.1-2+deb12u3;libkrb5-3 1.20.1-2+deb12u3;liblzma5 5.4.1-1;libncursesw6 6.4-4;libpam-modules 1.5.2-6+deb12u2;
libpam-pwquality 1.4.5-1+b1;libpam-runtime 1.5.2-6+deb12u2;libpam-systemd 252.38-1~deb12u1;libpam0g 1.5.2-6+deb12u2;libpython3.11-minimal 3.11.2-6+deb12u6;
libseccomp2 2.5.4-1+deb12u1;libselinux1 3.4-1+b6;libsqlite3-0 3.40.1-2+deb12u2;libssl3 3.0.19-1~deb12u2;libstdc++6 12.2.0-14+deb12u1;
libsystemd0 252.38-1~deb12u1;libtasn1-6 4.19.0-2+deb12u1;libudev1 252.38-1~deb12u1;libxml2 2.9.14+dfsg-1.3~deb12u4;libzstd1 1.5.4+dfsg2-5;
linux-image-amd64 6.1.158-1;locales 2.36-9+deb12u14;login 1:4.13+dfsg1-1+deb12u1;logrotate 3.21.0-1;logsave 1.47.0-2;lsb-release 12.0-1;lsof 4.95.0-1;
man-db 2.11.2-2;manpages 6.03-2;mawk 1.3.4.20200120-3.1;media-types 10.0.0;mount 2.38.1-5+deb12u3;nano 7.2-1+deb12u1;ncurses-base 6.4-4;ncurses-bin 6.4-4;
netbase 6.4;netcat-traditional 1.10-47;nftables 1.0.6-2+deb12u2;openssh-client 1:9.2p1-2+deb12u6;openssl 3.0.19-1~deb12u2;passwd 1:4.13+dfsg1-1+deb12u1;
pciutils 1:3.9.0-4;perl 5.36.0-7+deb12u2;perl-base 5.36.0-7+deb12u2;procps 2:4.0.2-3;psmisc 23.6-1;python3 3.11.2-1+b1;python3-minimal 3.11.2-1+b1;
python3.11 3.11.2-6+deb12u6;python3.11-minimal 3.11.2-6+deb12u6;readline-common 8.2-1.3;rsyslog 8.2302.0-1+deb12u1;sed 4.9-1;sensible-utils 0.0.17+nmu1;
sudo 1.9.13p3-1+deb12u2;systemd 252.38-1~deb12u1;systemd-sysv 252.38-1~deb12u1;systemd-timesyncd 252.38-1~deb12u1;sysvinit-utils 3.06-4;
tar 1.34+dfsg-1.2+deb12u1;traceroute 1:2.1.2-1;tzdata 2025b-0+deb12u2;ucf 3.0043+nmu1+deb12u1;udev 252.38-1~deb12u1;usbutils 1:014-1+deb12u1;
util-linux 2.38.1-5+deb12u3;vim-common 2:9.0.1378-2+deb12u2;vim-tiny 2:9.0.1378-2+deb12u2;wget 1.21.3-1+deb12u1;whiptail 0.52.23-1+b1;xz-utils 5.4.1-1;
zlib1g 1:1.2.13.dfsg-1;zstd 1.5.4+dfsg2-5`
const servers = `
openssh-server 1:9.2p1-2+deb12u6;openssh-sftp-server 1:9.2p1-2+deb12u6;acl 2.3.1-3;chrony 4.3-2+deb12u1;fail2ban 1.0.2-2;git 1:2.39.5-0+deb12u3;
jq 1.6-2.1+deb12u1;mdadm 4.2-5;nginx 1.22.1-9+deb12u2;nginx-common 1.22.1-9+deb12u2;postgresql-15 15.18-0+deb12u1;postgresql-client-15 15.18-0+deb12u1;
postgresql-common 248+deb12u1;rsync 3.2.7-1+deb12u2;screen 4.9.0-4;smartmontools 7.3-1+b1;ssl-cert 1.1.2;tmux 3.3a-3;unattended-upgrades 2.9.1+nmu3`
const desktops = `
adwaita-icon-theme 43-1;alsa-ucm-conf 1.2.8-1;alsa-utils 1.2.8-1;appstream 0.16.1-2;at-spi2-core 2.46.0-5;avahi-daemon 0.8-10+deb12u1;bluez 5.66-1+deb12u2;
bolt 0.9.5-1;cheese 43.0-1;cups 2.4.2-3+deb12u9;cups-daemon 2.4.2-3+deb12u9;dconf-gsettings-backend 0.40.0-4;dconf-service 0.40.0-4;evince 43.1-2+b1;
evolution-data-server 3.46.4-2;firefox-esr 140.5.0esr-1~deb12u1;fontconfig 2.14.1-4;fonts-dejavu-core 2.37-6;fwupd 1.8.12-2;gdm3 43.0-3;
geoclue-2.0 2.6.0-2;gnome-control-center 1:43.6-2~deb12u1;gnome-shell 43.9-0+deb12u2;gnome-software 43.5-1~deb12u1;gnome-terminal 3.46.8-1;
gsettings-desktop-schemas 43.0-1;gstreamer1.0-plugins-base 1.22.0-3+deb12u5;gvfs 1.50.3-1;ibus 1.5.27-5;libgl1-mesa-dri 22.3.6-1+deb12u1;
libgtk-3-0 3.24.38-2~deb12u3;libgtk-4-1 4.8.3+ds-2+deb12u1;libpipewire-0.3-0 0.3.65-3+deb12u1;libreoffice-calc 4:7.4.7-1+deb12u10;
libreoffice-core 4:7.4.7-1+deb12u10;libreoffice-writer 4:7.4.7-1+deb12u10;modemmanager 1.20.4-1;mutter 43.8-0+deb12u1;nautilus 43.2-1;
network-manager 1.42.4-1+deb12u1;network-manager-gnome 1.30.0-2;packagekit 1.2.6-5+deb12u1;pipewire 0.3.65-3+deb12u1;pipewire-pulse 0.3.65-3+deb12u1;
plymouth 22.02.122-3;policykit-1 122-3;polkitd 122-3;poppler-utils 22.12.0-2+deb12u1;power-profiles-daemon 0.12-1+b1;sane-utils 1.2.1-2;
shared-mime-info 2.2-1;thunderbird 1:140.5.0esr-1~deb12u1;totem 43.0-2;tracker 3.4.2-1;udisks2 2.9.4-4+deb12u2;upower 0.99.20-2;wireplumber 0.4.13-1;
wpasupplicant 2:2.10-12+deb12u3;xdg-desktop-portal 1.16.0-2;xdg-user-dirs 0.18-1;xkb-data 2.35.1-1;xserver-xorg-core 2:21.1.7-3+deb12u11;
xwayland 2:22.1.9-1`
const more = `
aide 0.18.3-1+deb12u4;ansible 7.7.0+dfsg-3+deb12u1;apache2 2.4.66-1~deb12u1;auditd 1:3.0.9-1;btop 1.2.13-1;build-essential 12.9;chromium 142.0.7444.59-1~deb12u1;
clamav 1.4.3+dfsg-1~deb12u1;cockpit 287.1-0+deb12u3;docker.io 20.10.24+dfsg1-1+deb12u1;ed 1.19-1;ftp 20210827-4+b1;gimp 2.10.34-1+deb12u4;golang 2:1.19~1;
haproxy 2.6.12-1+deb12u3;htop 3.2.2-2;inetutils-telnet 2:2.4-2+deb12u2;iotop 0.6-42-ga14256a-0.1+b2;keepassxc 2.7.4+dfsg.1-2;lynis 3.0.8-1;lynx 2.9.0dev.12-1;
mariadb-server 1:10.11.14-0+deb12u2;memcached 1.6.18-1;mtr-tiny 0.95-1;needrestart 3.6-4+deb12u3;nfs-common 1:2.6.2-4+deb12u1;nmap 7.93+dfsg1-1;
nodejs 18.20.4+dfsg-1~deb12u1;openvpn 2.6.3-1+deb12u3;podman 4.3.1+ds1-8+deb12u1;redis-server 5:7.0.15-1~deb12u5;remmina 1.4.29+dfsg-1;rkhunter 1.4.6-11;
rsh-client 0.17-24;samba 2:4.17.12+dfsg-0+deb12u2;snmpd 5.9.3+dfsg-2;strace 6.1-0.1;tcpdump 4.99.3-1;telnetd 0.17+2.4-2+deb12u2;telnet 0.17+2.4-2+deb12u2;
tree 2.1.0-1;ufw 0.36.2-1;unattended-upgrades 2.9.1+nmu3;unzip 6.0-28;usbguard 1.1.2+ds-1;vim 2:9.0.1378-2+deb12u2;vlc 3.0.21-0+deb12u1;
wireguard 1.0.20210914-1;wireguard-tools 1.0.20210914-1+b1;wireshark 4.0.17-0+deb12u1;xrdp 0.9.21.1-1+deb12u1;zip 3.0-13;zsh 5.9-4+b6`

type Versions = ReadonlyMap<string, string>
const read = (...lists: readonly string[]): Versions =>
  new Map(
    lists
      .flatMap((l) => l.split(';'))
      .map((entry) => entry.trim().split(' ') as [string, string])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** What comes with each kind of device, name to version, by name. */
export const shipped = { server: read(everywhere, servers), desktop: read(everywhere, desktops) } as const
export type Kind = keyof typeof shipped
/** What a device can get. */
export const archive: Versions = read(everywhere, servers, desktops, more)
/** Without these a device is none; apt refuses to remove them. */
export const essential: ReadonlySet<string> = new Set(
  'apt base-files base-passwd bash bsdutils coreutils dash debianutils diffutils dpkg findutils grep gzip hostname init libc-bin libc6 login mount ncurses-base ncurses-bin perl-base sed sysvinit-utils tar util-linux'.split(
    ' ',
  ),
)

/** A security update counts up the end of a version; the one before it. undefined: there was none. */
export function earlier(version: string): string | undefined {
  const m = /^(.*[+~]deb12u)(\d+)$/.exec(version)
  return m && Number(m[2]) > 1 ? `${m[1]}${Number(m[2]) - 1}` : undefined
}
