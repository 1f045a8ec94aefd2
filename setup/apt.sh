#!/bin/sh
# Install packages of Debian or Ubuntu, as root: sh setup/apt.sh PACKAGE...
# PostgreSQL's packages make and start a database cluster of their own when they are installed first; geo_hygiene runs
# a private one and needs no other, so that this is switched off meanwhile.
set -eu

export DEBIAN_FRONTEND=noninteractive
settings=/etc/postgresql-common/createcluster.d
no_cluster=$settings/geo-hygiene.conf
trap 'rm -f "$no_cluster"' EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$settings"
echo 'create_main_cluster = false' > "$no_cluster"

apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
