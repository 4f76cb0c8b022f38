# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The private prefix: static nghttp3 and ngtcp2, and OpenSSL where the distribution's is too old,
# for the client. It lies in the cache folder, so that a fresh clone does not build it again. It is
# made beside its place and renamed at the end: what stands there is whole.

ngtcp2_minimum=1.22
nghttp3_minimum=1.15
openssl_minimum=3.5
quic_suites=(forky trixie-backports)
openssl_suites=(trixie)

# What TLS 1.3 for QUIC needs and no more; SSL_set_quic_tls_cbs is there without OpenSSL's own QUIC.
openssl_flags=(--libdir=lib --openssldir=/etc/ssl --release no-shared no-pinshared no-tests no-docs
    no-apps no-module no-legacy no-dso no-engine no-fips no-quic no-dtls no-comp no-ssl3 no-tls1
    no-tls1_1 no-srp no-psk no-sctp no-srtp no-gost no-idea no-seed no-bf no-cast no-rc2 no-rc4
    no-rc5 no-md4 no-mdc2 no-rmd160 no-whirlpool no-sm2 no-sm3 no-sm4 no-aria no-camellia no-cms
    no-cmp no-ts no-ui-console no-afalgeng)
quic_flags=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib -DENABLE_LIB_ONLY=ON
    -DENABLE_STATIC_LIB=ON -DENABLE_SHARED_LIB=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DBUILD_TESTING=OFF)

# prefix_key KIND: what would be built here, in ten hex digits: wanted versions, flags,
# distribution, machine.
prefix_key() {
    printf '%s\n' "$1" "$ngtcp2_minimum" "$nghttp3_minimum" "$openssl_minimum" \
        "${openssl_flags[@]}" "${quic_flags[@]}" "${ID:-} ${VERSION_CODENAME:-}" "$(uname -m)" |
        sha256sum | cut -c1-10
}

# prefix_find KIND: the newest finished prefix with OpenSSL in it (openssl) or without (quic); fails
# if there is none.
prefix_find() {
    local found
    found=$(find "$ql_cache" -maxdepth 1 -name "deps-*-$(prefix_key "$1")" -printf '%T@ %p\n' |
        sort -rn | sed -n 1p | cut -d' ' -f2-)
    [[ -n $found ]] && printf '%s\n' "$found"
}

# prefix_make KIND: finds or builds it and leaves its path in $prefix. Needs the lock.
prefix_make() {
    local kind=$1
    prefix=$(prefix_find "$kind") && return
    archive_open
    scratch work prefix
    step "Reading the indices of newer Debian suites" \
        archive_update deb-src "${openssl_suites[@]}" "${quic_suites[@]}"
    step "Fetching sources from the Debian archive" fetch_sources "$kind"
    prefix="$ql_cache/deps-$(sed 's/ /-/' "$work/versions" | tr '~+\n' '..-')$(prefix_key "$kind")"
    stage="$work/stage$prefix"
    if [[ $kind == openssl ]]; then
        step "Building OpenSSL $(version_of openssl) (2-4 minutes)" build_openssl
    fi
    step "Building nghttp3 $(version_of nghttp3)" build_with_cmake nghttp3
    step "Building ngtcp2 $(version_of ngtcp2)" build_ngtcp2 "$kind"
    cp -- "$work/versions" "$stage/versions"
    mv -T -- "$stage" "$prefix"
    rm -rf -- "$work" "$archive_home"
}

version_of() { sed -n "s/^$1 //p" "$work/versions"; }

fetch_sources() {
    cd -- "$work"
    if [[ $1 == openssl ]]; then
        archive_source openssl "$openssl_minimum" 3.6~ whole "${openssl_suites[@]}"
        dpkg-source --extract openssl_*.dsc openssl
    fi
    archive_source nghttp3 "$nghttp3_minimum" 2~ tarball "${quic_suites[@]}"
    archive_source ngtcp2 "$ngtcp2_minimum" 2~ tarball "${quic_suites[@]}"
    local name
    for name in nghttp3 ngtcp2; do # Debian has no patches for these two
        mkdir "$name"
        rm -f "$name"_*.asc
        tar --extract --strip-components=1 --directory="$name" --file="$(echo "$name"_*.orig.tar.*)"
    done
}

build_openssl() {
    local target
    case $(uname -m) in
    x86_64) target=linux-x86_64 ;;
    aarch64) target=linux-aarch64 ;;
    *) target= ;; # Configure finds out
    esac
    cd -- "$work/openssl"
    # shellcheck disable=SC2086 # an empty target is no argument
    ./Configure $target --prefix="$prefix" "${openssl_flags[@]}"
    make -j"$(nproc)" build_libs
    make DESTDIR="$work/stage" install_dev
}

build_ngtcp2() {
    local hint=()
    [[ $1 != openssl ]] || hint=(-DOPENSSL_ROOT_DIR="$stage" -DOPENSSL_USE_STATIC_LIBS=ON)
    build_with_cmake ngtcp2 "${hint[@]}"
}

# build_with_cmake NAME OPTION...
build_with_cmake() {
    local name=$1
    shift
    cd -- "$work"
    cmake -S "$name" -B "$name.build" -DCMAKE_INSTALL_PREFIX="$prefix" "${quic_flags[@]}" "$@"
    cmake --build "$name.build" --parallel "$(nproc)"
    DESTDIR="$work/stage" cmake --install "$name.build"
}
