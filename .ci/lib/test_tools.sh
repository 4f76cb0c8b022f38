# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gtlsserver and gtlsclient, with which the tests try what other people made. Debian 13 has them as
# ordinary packages, Debian 12 in its backports only, Debian 14 not any more: for these two they are
# taken from where they are into the cache folder, without enabling that suite on the machine.

ngtcp2_packages=(ngtcp2-server ngtcp2-client libngtcp2-16 libngtcp2-crypto-gnutls8 libnghttp3-9)

# ngtcp2_needs RELEASE: the packages of that Debian that these programs run with, or are in.
ngtcp2_needs() {
    case $1 in
    bookworm) printf '%s\n' libev4 libgnutls30 ;;
    trixie) printf '%s\n' ngtcp2-server ngtcp2-client ;;
    forky) printf '%s\n' libev4t64 libgnutls30t64 ;;
    esac
}

# ngtcp2_suite RELEASE: the suite that they are taken from, if they are not packages of that Debian.
ngtcp2_suite() {
    case $1 in
    bookworm) echo bookworm-backports ;;
    forky) echo trixie ;;
    esac
}

# Makes PATH find them, after fetching them where that is needed. Needs the lock.
provide_test_tools() {
    export PATH="$PATH:/usr/sbin:/sbin" # not in the PATH of people who are not root
    local suite key home
    suite=$(ngtcp2_suite "$(debian_release)")
    [[ -n $suite ]] || return 0
    key=$(printf '%s\n' "$suite" "${ngtcp2_packages[@]}" "$(uname -m)" | sha256sum | cut -c1-10)
    home="$ql_cache/tools-$key"
    if [[ ! -d $home ]]; then
        archive_open
        scratch tools tools
        step "Fetching gtlsserver and gtlsclient of $suite" fetch_ngtcp2_tools "$suite" "$home"
    fi
    export PATH="$home/bin:$PATH"
}

# fetch_ngtcp2_tools SUITE FOLDER
fetch_ngtcp2_tools() {
    local package program
    archive_update deb "$1"
    cd -- "$tools"
    for package in "${ngtcp2_packages[@]}"; do
        apt-get "${archive_options[@]}" download "$package/$1" ||
            die 1 "The archive's mirror lacks the package $package of $1."
    done
    mkdir -p root/bin
    for package in ./*.deb; do dpkg-deb --extract "$package" root; done
    for program in gtlsserver gtlsclient; do
        cat >"root/bin/$program" <<'END'
#!/bin/sh
home=$(dirname "$0")/..
LD_LIBRARY_PATH=$(echo "$home"/usr/lib/*-linux-gnu) exec "$home"/usr/*bin/"$(basename "$0")" "$@"
END
        chmod +x "root/bin/$program"
    done
    mv -T -- root "$2"
}
