# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Building with the release preset, and putting the two halves where Wireshark and the shell find
# them.

ql_build="$ql_source/build/release"
ql_installed="$ql_cache/installed" # one path a line: what uninstall removes

# As root, Wireshark skips personal plugins: then everything goes into the system's folders.
plugin_folder() {
    if [[ $EUID == 0 ]]; then
        pkg-config --variable=plugindir wireshark
    else
        tshark -G folders 2>/dev/null | sed -n 's/^Personal Plugins:[[:space:]]*//p'
    fi
}

install_prefix() { if [[ $EUID == 0 ]]; then echo /usr/local; else echo "$HOME/.local"; fi; }

# A plugin loads only into the Wireshark minor version whose headers it was built with.
check_wireshark() {
    local headers program
    headers=$(pkg-config --modversion wireshark)
    program=$(tshark --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9.]*[0-9]\).*/\1/p')
    [[ ${headers%.*} == "${program%.*}" ]] ||
        die 2 "tshark is $program, but its headers (libwireshark-dev) are $headers; they must agree"
}

# configure test|build: runs CMake unless this folder is already configured so.
configure() {
    local wanted stamp="$ql_build/quickstart.stamp" testing=OFF
    [[ $1 != test ]] || testing=ON
    wanted=$(printf '%s\n' "$ql_source" "${prefix:-system}" "$(pkg-config --modversion wireshark)" \
        "$(plugin_folder)" "$(install_prefix)")
    if [[ -f $stamp ]]; then # what was configured with tests stays so
        [[ $(<"$stamp") != "$wanted"$'\n'"ON" ]] || return 0
        [[ $testing == ON || $(<"$stamp") != "$wanted"$'\n'"OFF" ]] || return 0
    fi
    rm -f -- "$stamp"
    cd -- "$ql_source"
    cmake --fresh --preset release -DQUICLENS_DEPS_PREFIX="${prefix:-}" -DBUILD_TESTING="$testing" \
        -DCMAKE_INSTALL_PREFIX="$(install_prefix)" -DWIRESHARK_PLUGINDIR="$(plugin_folder)"
    printf '%s\n%s\n' "$wanted" "$testing" >"$stamp"
}

compile() { cmake --build "$ql_build" --parallel "$(nproc)"; }

# Folders on the way to FOLDER that do not exist yet, the innermost first.
new_folders() {
    local folder=$1
    while [[ ! -d $folder ]]; do
        printf '%s\n' "$folder"
        folder=$(dirname -- "$folder")
    done
}

install_built() {
    local folders
    folders=$(new_folders "$(plugin_folder)/epan" && new_folders "$(install_prefix)/bin")
    cmake --install "$ql_build" --strip
    {
        [[ ! -f $ql_installed ]] || cat "$ql_installed"
        cat "$ql_build/install_manifest.txt"
        printf '\n%s\n' "$folders"
    } | awk 'NF && !seen[$0]++' >"$ql_installed.new"
    mv -- "$ql_installed.new" "$ql_installed"
}

# Removes what install put there: its files, then those of its folders that are empty now.
uninstall() {
    local path
    [[ -f $ql_installed ]] || die 1 "$ql_cache has no record of an installation by $(id -un)"
    while read -r path; do
        if [[ -d $path ]]; then continue; fi
        if [[ -e $path ]]; then say "Removing $path"; fi
        rm -f -- "$path"
    done <"$ql_installed"
    sort -r -- "$ql_installed" | while read -r path; do
        [[ ! -d $path ]] || rmdir --ignore-fail-on-non-empty -- "$path"
    done
    rm -f -- "$ql_installed"
}

# Another copy of the plugin that the same Wireshark would load beside ours.
warn_of_second_plugin() {
    local system
    system="$(pkg-config --variable=plugindir wireshark)/epan/quiclens.so"
    [[ $EUID == 0 || ! -e $system ]] ||
        say "Note: Wireshark loads one of the two, ours or $system."
}
