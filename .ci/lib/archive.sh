# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Files from suites of the Debian archive that this machine's apt does not know. An apt
# configuration of our own is used: it takes the archive's address from the machine's apt while it
# runs, checks signatures with the keyring that Debian installs, and is removed afterwards. The
# machine's own sources stay as they are.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Address of the Debian archive as this machine's apt has it; empty where there is none.
archive_address() {
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' 2>/dev/null |
        awk -v code="${VERSION_CODENAME:-}" '
            $1 != "Packages" || $2 != "main" || $4 ~ /^cdrom:/ { next }
            $3 == code || $3 ~ /^(stable|oldstable|testing|unstable|sid)$/ { if (!seen++) print $4 }'
}

# archive_sources TYPE SUITE...: lines for a sources.list. Testing is at times frozen for longer
# than its index says that it is valid.
archive_sources() {
    local type=$1 suite address
    shift
    address=$(archive_address)
    [[ -n $address ]] || die 1 "apt on this machine names no Debian archive with its part main."
    [[ -r $debian_keyring ]] || die 1 "$debian_keyring is missing (package debian-archive-keyring)."
    for suite in "$@"; do
        printf '%s [signed-by=%s check-valid-until=no] %s %s main\n' \
            "$type" "$debian_keyring" "$address" "$suite"
    done
}

# The private configuration: folders in $archive_home, options for apt in $archive_options.
archive_open() {
    scratch archive_home apt
    mkdir -p "$archive_home"/{lists,cache/archives}/partial
    archive_options=(-q
        -o "Dir::Etc::sourcelist=$archive_home/sources.list" -o Dir::Etc::sourceparts=-
        -o "Dir::State::Lists=$archive_home/lists" -o "Dir::Cache=$archive_home/cache"
        -o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts=- -o Acquire::Languages=none
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Retries=3)
    # The cache folder is closed to apt's unprivileged user.
    [[ $EUID != 0 ]] || archive_options+=(-o APT::Sandbox::User=root)
}

# archive_update TYPE SUITE...: reads the indices of these suites (TYPE deb or deb-src).
archive_update() {
    local errors="$archive_home/errors"
    archive_sources "$@" >"$archive_home/sources.list"
    if ! apt-get "${archive_options[@]}" -o APT::Update::Error-Mode=any update 2>"$errors"; then
        cat "$errors"
        die 1 "The archive's mirror gave no good index: $(sed -n '/^E: /{s///;p;q}' "$errors")"
    fi
}

# archive_source_versions NAME SUITE: versions of a source package in a suite, newest first.
archive_source_versions() {
    apt-cache "${archive_options[@]}" madison "$1" |
        awk -F ' *[|] *' -v name="$1" -v suite="$2" '
            { gsub(/ /, "", $1) }
            $1 == name && $3 ~ (" " suite "/main Sources$") { print $2 }' |
        sort -rVu
}

# archive_source NAME MINIMUM BELOW PART SUITE...: downloads a source package (PART whole) or its
# upstream archive alone (PART tarball) into the current folder, from the first suite that has a
# version from MINIMUM to below BELOW and whose files the mirror holds. Adds the line "NAME VERSION"
# to the file "versions".
archive_source() {
    local name=$1 minimum=$2 below=$3 part=$4 suite version missing=''
    local options=(--download-only)
    shift 4
    [[ $part == whole ]] || options+=(--tar-only)
    for suite in "$@"; do
        for version in $(archive_source_versions "$name" "$suite"); do
            dpkg --compare-versions "$version" ge "$minimum" || continue
            dpkg --compare-versions "$version" lt "$below" || continue
            if apt-get "${archive_options[@]}" source "${options[@]}" "$name=$version" 2>&1 |
                tee fetch.log; then
                printf '%s %s\n' "$name" "$version" >>versions
                return
            fi
            missing+=" $(missing_file fetch.log "$name $version")"
        done
    done
    missing=${missing:- the source package $name >= $minimum}
    die 1 "The archive's mirror lacks$missing (suites: $*)."
}

# missing_file LOG DEFAULT: the file that apt could not fetch; else what was asked for.
missing_file() {
    sed -n -E 's/^E: Failed to fetch [^ ]*\/([^ /]+)  .*/\1/p' "$1" | sed -n 1p | grep . ||
        printf '%s\n' "$2"
}

# The machine's own settings for reaching the archive, and for its clock, as lines "NAME VALUE".
archive_settings() {
    apt-config dump Acquire |
        sed -n -E 's/^(Acquire::(https?::Proxy[^ ]*|Check-Date)) "(.+)";$/\1 \3/p'
}
