# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Debian roots with what this machine's Debian does not have, kept in the cache folder. One named as
# its suite has that suite's Wireshark, and what it takes to build the plugin there; "clients" is a
# Debian 14 with clients of HTTP/3. Needs to be root. All mounts are made in a mount namespace of
# their own, so that none is left, however the script ends.

root_plugin_packages=(gcc libc6-dev cmake ninja-build pkgconf libwireshark-dev libwiretap-dev
    libwsutil-dev tshark libglib2.0-dev libssl-dev libnghttp3-dev libpcap-dev libjson-glib-dev
    zlib1g-dev libbrotli-dev libzstd-dev python3)
root_clients_packages=(curl python3-aioquic)

# root_choose NAME: its suite and packages, as $root_suite and $root_packages.
root_choose() {
    root_suite=$1 root_packages=("${root_plugin_packages[@]}")
    [[ $1 != clients ]] || root_suite=forky root_packages=("${root_clients_packages[@]}")
}

# root_path NAME: where the root lies, keyed by its packages, too.
root_path() {
    local root_suite root_packages
    root_choose "$1"
    printf '%s/root-%s-%s\n' "$ql_cache" "$1" \
        "$(printf '%s\n' "$1" "${root_packages[@]}" "$(uname -m)" | sha256sum | cut -c1-10)"
}

# root_make NAME: makes it unless it is there; $attempt_status tells whether there is one now. It
# is made beside its place and renamed at the end. Needs the lock.
root_make() {
    local target
    target=$(root_path "$1")
    attempt_status=0
    [[ ! -d $target ]] || return 0
    scratch making root
    attempt "Making a root of Debian, $1" root_build "$1" "$target"
}

# Signatures are checked by apt with Debian's keyring.
root_build() {
    local options=(--variant=minbase --mode=root) name value root_suite root_packages
    root_choose "$1"
    while read -r name value; do options+=(--aptopt="$name \"$value\""); done < <(archive_settings)
    archive_sources deb "$root_suite" |
        unshare --mount --propagation private mmdebstrap "${options[@]}" \
            --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
            --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            --include="$(IFS=,; echo "${root_packages[*]}")" "$root_suite" "$making/root" -
    mv -T -- "$making/root" "$2"
}

# root_run NAME SCRIPT: runs a shell script inside the root; the project's source is at /source,
# read-only, and its folder build/NAME at /build.
root_run() {
    local target build="$ql_source/build/$1"
    target=$(root_path "$1")
    mkdir -p -- "$build"
    [[ -d $target ]] || die 1 "there is no root of Debian $1 yet"
    # shellcheck disable=SC2016 # the inner shell expands these
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        mkdir -p "$1/source" "$1/build"
        mount --bind "$2" "$1/source"
        mount -o remount,bind,ro "$1/source"
        mount --bind "$3" "$1/build"
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        mount -t tmpfs tmpfs "$1/tmp"
        exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            LC_ALL=C.UTF-8 CI=true /bin/bash -euc "$4"' \
        root_run "$target" "$ql_source" "$build" "$2" </dev/null
}
