#!/bin/bash
# bare.sh [HASH]: does it run on a machine that has nothing? A fresh Debian 12 in a folder of its own, with
# git, make and ca-certificates; a clone of this repository at HASH (HEAD); there, as root, `make run
# ONCE=1` and `make test`. Prints the last 30 lines of each and the hash. Needs root and mmdebstrap.
# shellcheck source=tools/help.sh
. "$(dirname "$(readlink -f "$0")")/help.sh"
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
hash=$(git -C "$top" rev-parse "${1:-HEAD}^{commit}")
command -v mmdebstrap >/dev/null || { echo "bare.sh: apt-get install mmdebstrap" >&2; exit 1; }
root=$(mktemp -d /var/tmp/chancery-bare.XXXXXX)
log=$(mktemp /var/tmp/chancery-bare.XXXXXX.log)

# shellcheck disable=SC2317 # by the trap
leave() {
    local mount
    for mount in dev/shm dev/pts dev proc; do
        mountpoint -q "$root/$mount" && umount -l "$root/$mount"
    done
    # Only what is no other file system, should one have stayed.
    rm -rf --one-file-system "$root"
}
trap leave EXIT
trap 'exit 130' HUP INT TERM

say() { printf '\n==== %s (%s)\n' "$*" "$(date -u +%T)"; }

# The suite's three lines from the system's own sources; others are none of ours.
sources() {
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | grep -q 'bookworm' &&
        for file in /etc/apt/sources.list.d/*.sources; do
            ! grep -q '^Suites:.*bookworm' "$file" || cat "$file"
            echo
        done
    [ ! -s /etc/apt/sources.list ] || grep bookworm /etc/apt/sources.list || true
}

make_root() {
    sources >"$root.sources"
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --include=git,make,ca-certificates \
        bookworm "$root" "$root.sources"
    rm -f "$root.sources"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount -t devpts devpts "$root/dev/pts" 2>/dev/null || mount --bind /dev/pts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
}

clone() {
    git clone -q --bare "$top" "$root/srv/chancery.git"
    git -C "$root/srv/chancery.git" update-ref refs/heads/bare "$hash"
    inside "git clone -q -b bare /srv/chancery.git /root/chancery"
    [ "$(inside "git -C /root/chancery rev-parse HEAD")" = "$hash" ]
}

# With nothing of our environment.
inside() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        chroot "$root" /bin/sh -c "$1"
}

command_of() { # command: its last 30 lines
    local began=$SECONDS status=0
    say "$1"
    inside "cd /root/chancery && $1" >"$log" 2>&1 </dev/null || status=$?
    [ "$status" -eq 0 ] || grep -nE -A20 "^FAIL(ED)? |^\[  (ERROR  |FAILED ) \]" "$log" | head -n 80
    tail -n 30 "$log"
    echo "---- $1: exit status $status, $((SECONDS - began)) s"
    return $status
}

say "a bare Debian 12 with git, make and ca-certificates"
make_root
inside "dpkg-query -W | wc -l | sed 's/\$/ packages/'"
clone
failed=0
command_of "make run ONCE=1" || failed=1
command_of "make run ONCE=1" || failed=1 # with everything there: the time that counts
command_of "make test" || failed=1
say "$hash"
rm -f "$log"
exit $failed
