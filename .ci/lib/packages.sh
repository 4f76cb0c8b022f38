# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Which packages are needed on which Debian, and how they get there: only what is missing is
# installed.

base_packages=(gcc libc6-dev cmake ninja-build pkgconf libglib2.0-dev libwireshark-dev
    libwiretap-dev libwsutil-dev tshark libssl-dev libnghttp3-dev libjson-glib-dev zlib1g-dev
    libbrotli-dev libzstd-dev)
bookworm_packages=(dpkg-dev make perl xz-utils debian-archive-keyring) # for a prefix with OpenSSL
trixie_packages=(xz-utils debian-archive-keyring)                      # for one without
forky_packages=(libngtcp2-dev libngtcp2-crypto-ossl-dev)
test_packages=(python3 libpcap-dev caddy tcpdump ethtool iproute2 openssl procps)

# The Debian we stand on: its code name, or nothing on other systems.
debian_release() {
    [[ ${ID:-} == debian ]] || return 0
    case ${VERSION_CODENAME:-} in
    bookworm | trixie | forky) printf '%s\n' "$VERSION_CODENAME" ;;
    sid) printf 'forky\n' ;;
    esac
}

# wanted_packages test|build: one a line.
wanted_packages() {
    local release
    release=$(debian_release)
    local -n own="${release}_packages"
    printf '%s\n' "${base_packages[@]}" "${own[@]}"
    [[ $1 == test ]] || return 0
    printf '%s\n' "${test_packages[@]}"
    ngtcp2_needs "$release"
}

# missing_packages NAME...: those that are not installed.
missing_packages() {
    local present
    present=$(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
        sed -n 's/ installed$//p') || true
    printf '%s\n' "$@" | grep -vxF -e "${present:-nothing}" || true
}

as_root() {
    if [[ $EUID == 0 ]]; then "$@"; else sudo -- "$@"; fi
}

# May we ask sudo? With a terminal it may ask for a password; without one it must do without.
have_sudo() {
    [[ $EUID == 0 ]] && return
    command -v sudo >/dev/null || return
    sudo -n true 2>/dev/null || [[ -t 0 && -z ${CI:-} ]]
}

apt_install() {
    local output
    output=$(mktemp)
    # Where it fails, the indices may be old: a package is not known, or no longer there in that
    # version.
    if ! apt_get install --yes --no-install-recommends "$@"; then
        apt_get update
        if ! apt_get install --yes --no-install-recommends "$@" 2>&1 | tee "$output"; then
            die 1 "apt could not install: $(missing_file "$output" "$(grep -m1 '^E: ' "$output")")"
        fi
    fi
    rm -f -- "$output"
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"
}

# install_packages NAME...: installs those that are missing, or says what is missing and stops.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} != 0 ]] || return 0
    have_sudo || die 2 "there is no sudo to install these missing packages: ${missing[*]}"
    if [[ $EUID != 0 ]]; then
        say "sudo is used to install these packages: ${missing[*]}"
        sudo true || die 2 "sudo did not let us in; these packages are missing: ${missing[*]}"
    fi
    step "Installing ${#missing[@]} packages" apt_install "${missing[@]}"
}

# Elsewhere than on Debian: what pkg-config and the shell know is all we ask.
check_without_packages() {
    local missing=() wanted command unknown="this is not a Debian that quickstart knows"
    local modules=('wireshark >= 4.0' 'glib-2.0 >= 2.74' 'libssl >= 3.5' 'libcrypto >= 3.5'
        'libngtcp2 >= 1.22' 'libngtcp2_crypto_ossl >= 1.22' 'libnghttp3 >= 1.15' json-glib-1.0 zlib
        libbrotlidec libbrotlienc libzstd)
    [[ $1 != test ]] || modules+=(libpcap)
    for command in cc cmake ninja tshark pkg-config; do
        command -v "$command" >/dev/null || missing+=("$command")
    done
    for wanted in "${modules[@]}"; do
        pkg-config --exists "$wanted" 2>/dev/null || missing+=("$wanted")
    done
    [[ ${#missing[@]} == 0 ]] && return
    printf -v wanted '%s, ' "${missing[@]}"
    die 2 "$unknown, so please install what is missing: ${wanted%, }"
}
