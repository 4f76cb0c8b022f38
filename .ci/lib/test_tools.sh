# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gtlsserver, the QUIC server of other people that the tests talk to. Debian 13 has it as an
# ordinary package, Debian 12 in its backports only, Debian 14 not any more: for these two it is
# taken from where it is into the cache folder, without enabling that suite on the machine.

gtlsserver_packages=(ngtcp2-server libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9)

# gtlsserver_needs RELEASE: the packages of that Debian that it runs with, or is in.
gtlsserver_needs() {
    case $1 in
    bookworm) printf '%s\n' libev4 libgnutls30 ;;
    trixie) printf '%s\n' ngtcp2-server ;;
    forky) printf '%s\n' libev4t64 libgnutls30t64 ;;
    esac
}

# gtlsserver_suite RELEASE: the suite that it is taken from, if it is not a package of that Debian.
gtlsserver_suite() {
    case $1 in
    bookworm) echo bookworm-backports ;;
    forky) echo trixie ;;
    esac
}

# Makes PATH find gtlsserver, after fetching it where that is needed. Needs the lock.
provide_gtlsserver() {
    export PATH="$PATH:/usr/sbin:/sbin" # not in the PATH of people who are not root
    local suite key home
    suite=$(gtlsserver_suite "$(debian_release)")
    [[ -n $suite ]] || return 0
    key=$(printf '%s\n' "$suite" "${gtlsserver_packages[@]}" "$(uname -m)" | sha256sum | cut -c1-10)
    home="$ql_cache/tools-$key"
    if [[ ! -d $home ]]; then
        archive_open
        scratch tools tools
        step "Fetching gtlsserver from $suite" fetch_gtlsserver "$suite" "$home"
    fi
    export PATH="$home/bin:$PATH"
}

# fetch_gtlsserver SUITE FOLDER
fetch_gtlsserver() {
    local package
    archive_update deb "$1"
    cd -- "$tools"
    for package in "${gtlsserver_packages[@]}"; do
        apt-get "${archive_options[@]}" download "$package/$1" ||
            die 1 "The archive's mirror lacks the package $package of $1."
    done
    mkdir -p root/bin
    for package in ./*.deb; do dpkg-deb --extract "$package" root; done
    cat >root/bin/gtlsserver <<'END'
#!/bin/sh
home=$(dirname "$0")/..
LD_LIBRARY_PATH=$(echo "$home"/usr/lib/*-linux-gnu) exec "$home/usr/sbin/gtlsserver" "$@"
END
    chmod +x root/bin/gtlsserver
    mv -T -- root "$2"
}
