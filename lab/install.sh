#!/bin/sh
# Installs the Debian packages that the lab's servers, clients and test tools come from, without starting any server.
# Run as root on Debian 12 or later: lab/install.sh
set -eu

# A policy that forbids starts while packages are unpacked; one that is there already is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends \
  bind9-dnsutils chrony curl dnsmasq-base dpkg ethtool exim4-daemon-light git hping3 hydra iodine iproute2 \
  iputils-ping lftp mosquitto mosquitto-clients nginx nmap openssh-client openssh-server openssl postgresql \
  postgresql-client procps ptunnel-ng rsync samba siege slowhttptest smbclient tcpdump unbound util-linux vsftpd
