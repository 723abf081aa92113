#!/bin/bash
# A real S3-compatible server for tests: Ceph's object gateway over one monitor and one object store, all in one folder.
#
#   radosgw.sh FOLDER ADDRESS PORT
#
# Runs as root on Debian with ceph-mon, ceph-mgr, ceph-osd and radosgw. Says "ready" when the gateway answers; ends, with
# all that it started, at SIGTERM or when its standard input is closed. One user: key "newsarchive", secret "newsarchive-secret".
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
address=$2
port=$3
pids=()
finish() {
    trap - EXIT TERM INT
    kill "${pids[@]}" 2>/dev/null || true
    sleep 0.2
    kill -9 "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
}
trap finish EXIT
trap 'exit 0' TERM INT

fsid=$(cat /proc/sys/kernel/random/uuid)
mon_port=$(python3 -c "import socket; s = socket.create_server(('$address', 0)); print(s.getsockname()[1])")
cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $fsid
mon host = v2:$address:$mon_port
public addr = $address
cluster addr = $address
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $dir/keyring
run dir = $dir
admin socket = $dir/\$name.\$pid.asok
pid file = $dir/\$name.pid
log file = $dir/\$name.log
log to stderr = false
err to stderr = false
mon cluster log file = $dir/cluster.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
osd class dir = $(ls -d /usr/lib/*/rados-classes | head -n 1)
osd objectstore = bluestore
bluestore block size = 4294967296
bluestore fsck on mount = false
osd memory target = 939524096
mon data = $dir/mon
mgr data = $dir/mgr
osd data = $dir/osd
osd scrub begin hour = 0
# Nothing of it must survive the tests.
bluestore prefer deferred size = 0
[client.rgw]
keyring = $dir/keyring
rgw frontends = beast endpoint=$address:$port tcp_nodelay=1
rgw dns name = localhost
rgw enable usage log = false
rgw thread pool size = 32
CONF
export CEPH_CONF="$dir/ceph.conf"
ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
for who in client.admin client.rgw mgr.x osd.0; do
    ceph-authtool "$dir/keyring" --gen-key -n $who --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
done
mkdir -p "$dir/mon" "$dir/mgr" "$dir/osd"
monmaptool --create --addv a "[v2:$address:$mon_port]" --fsid "$fsid" "$dir/monmap" >/dev/null
ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring" --mon-data "$dir/mon"
ceph-mon -f -i a --mon-data "$dir/mon" >"$dir/mon.out" 2>&1 &
pids+=($!)
ceph-mgr -f -i x >"$dir/mgr.out" 2>&1 &
pids+=($!)
osd=$(cat /proc/sys/kernel/random/uuid)
ceph -k "$dir/keyring" osd new "$osd" >/dev/null
truncate -s 4G "$dir/osd/block"
ceph-osd -i 0 --mkfs --osd-uuid "$osd" --osd-data "$dir/osd" --keyring "$dir/keyring" >"$dir/osd.out" 2>&1
ceph-osd -f -i 0 --osd-data "$dir/osd" --keyring "$dir/keyring" >>"$dir/osd.out" 2>&1 &
pids+=($!)
radosgw -f -n client.rgw >"$dir/rgw.out" 2>&1 &
pids+=($!)
radosgw-admin -n client.rgw user create --uid=newsarchive --display-name=newsarchive \
    --access-key=newsarchive --secret-key=newsarchive-secret >/dev/null
until (exec 3<>"/dev/tcp/$address/$port") 2>/dev/null; do
    kill -0 "${pids[3]}"
    sleep 0.1
done
echo ready
# Whoever started us holds the other end: when that is gone, so are we.
cat >/dev/null
