#!/bin/sh
# Boots the machine's own systemd as the first process of namespaces of its own, on a root of its own: nothing of the machine's
# services, devices or settings is in it, and what it mounts or starts ends with it.
#
#   unshare -m -p -n -u -i -C -f sh boot_systemd.sh ROOT SHARED CODE PACKAGES PREFIX UNITS TARGETS
#
# ROOT, TARGETS: empty folders. CODE, PACKAGES: what the commands below PREFIX import. UNITS: the units that there are.
set -eu
root=$1 shared=$2 code=$3 packages=$4 prefix=$5 units=$6 targets=$7
mount --make-rprivate /
mount -t tmpfs -o mode=755 root "$root"
for name in usr etc/systemd proc sys dev run tmp var/lib var/log var/tmp root home shared code site-packages opt/stillhouse; do
    mkdir -p "$root/$name"
done
chmod 1777 "$root/tmp" "$root/var/tmp"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
for name in passwd group nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d alternatives; do
    cp -a "/etc/$name" "$root/etc/" 2>/dev/null || true
done
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
# Of the machine's units the targets only, without what they want.
cp /usr/lib/systemd/system/*.target /usr/lib/systemd/system/systemd-exit.service "$targets/"
mount --bind "$targets" "$root/usr/lib/systemd/system"
cp -R "$units" "$root/etc/systemd/system"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/hugepages"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 run "$root/run"
mount --bind "$shared" "$root/shared"
mount --bind "$code" "$root/code"
mount --bind "$packages" "$root/site-packages"
mount --bind "$prefix" "$root/opt/stillhouse"
ip link set lo up
# An address of this machine that is none of loopback's: a service that may reach loopback only must not reach it.
ip addr add 198.51.100.1/32 dev lo
cd "$root"
mkdir old
pivot_root . old
umount -l old
mount --make-rshared /
exec env -i PATH=/usr/sbin:/usr/bin container=docker SYSTEMD_UNIFIED_CGROUP_HIERARCHY=1 SYSTEMD_LOG_TARGET=null \
    /usr/lib/systemd/systemd --system --unit=trial.target --log-target=null --show-status=no
