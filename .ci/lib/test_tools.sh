# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gtlsserver, the QUIC server that the tests talk to. Debian 12 has it in its backports only: it is
# taken from there into the cache folder, without enabling them on the machine. Elsewhere it is an
# ordinary package.

gtlsserver_packages=(ngtcp2-server libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9)

# Makes PATH find gtlsserver, after fetching it where that is needed. Needs the lock.
provide_gtlsserver() {
    export PATH="$PATH:/usr/sbin:/sbin" # not in the PATH of people who are not root
    [[ $(debian_release) == bookworm ]] || return 0
    local key
    key=$(printf '%s\n' "${gtlsserver_packages[@]}" "$(uname -m)" | sha256sum | cut -c1-10)
    local home="$ql_cache/tools-$key"
    if [[ ! -d $home ]]; then
        archive_open
        scratch tools tools
        step "Fetching gtlsserver from the backports" fetch_gtlsserver "$home"
    fi
    export PATH="$home/bin:$PATH"
}

fetch_gtlsserver() {
    local package
    archive_update deb bookworm-backports
    cd -- "$tools"
    for package in "${gtlsserver_packages[@]}"; do
        apt-get "${archive_options[@]}" download "$package/bookworm-backports" ||
            die 1 "The archive's mirror lacks the package $package of bookworm-backports."
    done
    mkdir -p root/bin
    for package in ./*.deb; do dpkg-deb --extract "$package" root; done
    cat >root/bin/gtlsserver <<'END'
#!/bin/sh
home=$(dirname "$0")/..
LD_LIBRARY_PATH=$(echo "$home"/usr/lib/*-linux-gnu) exec "$home/usr/sbin/gtlsserver" "$@"
END
    chmod +x root/bin/gtlsserver
    mv -T -- root "$1"
}
