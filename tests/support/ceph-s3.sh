#!/usr/bin/env bash
# Ceph's S3 gateway on loopback, for tests: one monitor, one store in memory, one gateway. It checks signatures as a public store does.
#   ceph-s3.sh FOLDER GATEWAY_PORT MONITOR_PORT
# Prints "ready" once the gateway answers, and runs until its standard input is closed or it is ended: a test that is killed leaves nothing.
# Debian: radosgw ceph-mon ceph-osd
set -euo pipefail
folder=$1 gateway=$2 monitor=$3
here=127.0.0.1
daemons=()

finish() {
  for pid in "${daemons[@]}"; do kill -9 "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# the daemons must not read what the script waits for
exec 3<&0 < /dev/null

cd "$folder"
mkdir -p mon osd gateway run
export CEPH_CONF=$folder/ceph.conf
cat > ceph.conf << CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v2:$here:$monitor
public addr = $here
cluster addr = $here
keyring = $folder/keyring
run dir = $folder/run
admin socket = $folder/run/\$name.asok
log file = $folder/\$name.log
log to stderr = false
ms bind port max = 60999
mon allow pool size one = true
mon data avail crit = 0
mon data avail warn = 0
mon cluster log to file = false
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
osd objectstore = memstore
osd op num shards = 1
memstore device bytes = 1073741824
[mon.a]
mon data = $folder/mon
[osd.0]
osd data = $folder/osd
[client.gateway]
rgw data = $folder/gateway
rgw frontends = beast endpoint=$here:$gateway
rgw thread pool size = 16
rgw enable usage log = false
rgw run sync thread = false
rgw gc processor period = 3600
CONF

key() { ceph-authtool keyring --gen-key -n "$1" "${@:2}" > /dev/null; }
ceph-authtool -C keyring > /dev/null
key mon. --cap mon 'allow *'
key client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
key osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
key client.gateway --cap mon 'allow rw' --cap osd 'allow rwx'

monmaptool --create --fsid "$(sed -n 's/^fsid = //p' ceph.conf)" --addv a "[v2:$here:$monitor]" monmap > /dev/null
ceph-mon -i a --mkfs --monmap monmap --keyring keyring
ceph-mon -f -i a > /dev/null 2>&1 &
daemons+=($!)
uuid=$(cat /proc/sys/kernel/random/uuid)
timeout 60 ceph osd new "$uuid" 0 > /dev/null 2>&1
ceph-osd -i 0 --mkfs --no-mon-config --osd-uuid "$uuid" > /dev/null 2>&1
ceph-osd -f -i 0 > /dev/null 2>&1 &
daemons+=($!)
radosgw -f -n client.gateway > /dev/null 2>&1 &
daemons+=($!)
for _ in $(seq 240); do
  (: < "/dev/tcp/$here/$gateway") 2> /dev/null && break
  kill -0 "${daemons[2]}"
  sleep 0.5
done
(: < "/dev/tcp/$here/$gateway")
timeout 120 radosgw-admin -n client.gateway user create --uid tests --display-name tests \
  --access-key TESTS-ACCESS --secret-key TESTS-SECRET > /dev/null 2>&1
echo ready
cat <&3 > /dev/null || true
