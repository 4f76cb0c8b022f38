# SPDX-License-Identifier: GPL-2.0-or-later
# What the person at the terminal sees: one line a step, the seconds it took, and why it failed.
# Sourced by quickstart and .ci/run. A step's own output goes to a log file in the cache folder.

ql_cache="${XDG_CACHE_HOME:-$HOME/.cache}/quiclens"
ql_logs="$ql_cache/logs"
ql_scratch=() # folders that are removed when the script ends, whichever way it ends

say() { printf '%s\n' "$*"; }

# die STATUS SENTENCE: the one way to give up.
die() {
    local status=$1
    shift
    printf 'quickstart: %s\n' "$*" >&2
    exit "$status"
}

on_exit() {
    local status=$? folder
    [[ -z ${ticker:-} ]] || kill "$ticker" 2>/dev/null || true
    for folder in "${ql_scratch[@]}"; do rm -rf -- "$folder"; done
    exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# scratch VARIABLE PARENT PREFIX: makes a folder of our own that does not outlive the script.
scratch() {
    mkdir -p -- "$2"
    printf -v "$1" '%s' "$(mktemp -d -- "$2/$3.XXXXXX")"
    ql_scratch+=("${!1}")
}

# On a terminal the running step counts its seconds.
tick() {
    local label=$1 began=$2
    while sleep 1; do printf '\r%-58s %4d s' "$label" $((SECONDS - began)); done
}

# step LABEL COMMAND...: runs the command with its output in a log, and says how long it took. Where the command
# fails, the end of its log is shown and the script ends with status 1.
step() {
    local label=$1 began=$SECONDS status log
    shift
    mkdir -p -- "$ql_logs"
    log="$ql_logs/$(tr -cs 'A-Za-z0-9.\n' '-' <<<"$label").log"
    ticker=
    printf '%-58s' "$label"
    if [[ -t 1 ]]; then
        tick "$label" "$began" &
        ticker=$!
    fi
    set +e # so that "set -e" of the inner shell is in force
    (
        set -e
        trap - EXIT
        "$@"
    ) >"$log" 2>&1 </dev/null
    status=$?
    set -e
    if [[ -n $ticker ]]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        ticker=
        printf '\r%-58s' "$label"
    fi
    printf ' %4d s%s\n' $((SECONDS - began)) "$([[ $status == 0 ]] || echo '  FAILED')"
    [[ $status == 0 ]] && return
    explain_failure "$log"
    exit 1
}

# A sentence that a step wrote for the person ("quickstart: ...") is enough; else the log's last lines.
explain_failure() {
    if ! grep '^quickstart: ' -- "$1" >&2; then
        tail -n 25 -- "$1" >&2
    fi
    printf 'quickstart: the whole log is in %s\n' "$1" >&2
}

# One set-up at a time in this cache folder; the lock goes when the script ends.
take_lock() {
    mkdir -p -- "$ql_cache"
    exec 9>"$ql_cache/lock"
    flock --nonblock 9 && return
    say "Waiting for another quickstart that works in $ql_cache"
    flock 9
}

release_lock() { exec 9>&-; }
