# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the person at the terminal sees: one line a step, the seconds it took, and why it failed.
# A step's own output goes to a log file in the cache folder. Sourced by quickstart and .ci/run.

export LC_ALL=C.UTF-8 # other programs' messages are read here
umask 022             # what root installs is for everybody
export HOME="${HOME:-$(getent passwd "$EUID" | cut -d: -f6)}"

ql_cache="${XDG_CACHE_HOME:-$HOME/.cache}/quiclens"
ql_logs="$ql_cache/logs"
ql_scratch=() # folders that are removed when the script ends, whichever way it ends
ql_ticker=
ql_running= # process group of the step that runs

say() { printf '%s\n' "$*"; }

# die STATUS SENTENCE: the one way to give up.
die() {
    local status=$1
    shift
    printf 'quickstart: %s\n' "$*" >&2
    exit "$status"
}

on_exit() {
    local status=$?
    stop_ticker
    if [[ -n $ql_running ]]; then
        kill -TERM -- "-$ql_running" 2>/dev/null || true
        wait "$ql_running" 2>/dev/null || true
    fi
    [[ ${#ql_scratch[@]} == 0 ]] || rm -rf --one-file-system -- "${ql_scratch[@]}"
    exit "$status"
}
trap on_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# scratch VARIABLE PREFIX: makes a folder beside the finished ones that does not outlive this
# script.
scratch() {
    mkdir -p -- "$ql_cache"
    printf -v "$1" '%s' "$(mktemp -d -- "$ql_cache/making-$2.XXXXXX")"
    ql_scratch+=("${!1}")
}

# What runs that were killed have left. Only for who holds the lock.
remove_leftovers() { rm -rf --one-file-system -- "$ql_cache"/making-*; }

# One set-up at a time in this cache folder; the lock goes when the script ends, if it is not
# released before.
take_lock() {
    mkdir -p -- "$ql_cache"
    exec 9>"$ql_cache/lock"
    flock --nonblock 9 && return
    say "Waiting for another quickstart that works in $ql_cache"
    flock 9
}

release_lock() { exec 9>&-; }

# On a terminal the running step counts its seconds.
start_ticker() {
    [[ -t 1 ]] || return 0
    while sleep 1; do printf '\r%-60s %4d s' "$1" $((SECONDS - $2)); done 9>&- &
    ql_ticker=$!
    disown "$ql_ticker"
}

stop_ticker() {
    [[ -n $ql_ticker ]] || return 0
    kill -KILL "$ql_ticker" 2>/dev/null || true # at once: it has inherited our traps
    ql_ticker=
    printf '\r'
}

log_of() { printf '%s/%s.log\n' "$ql_logs" "$(tr -cs 'A-Za-z0-9.' '-' <<<"$1" | sed 's/-$//')"; }

# attempt LABEL COMMAND...: runs the command, says how long it took, and leaves its status in
# $attempt_status. Where it failed, the reason is shown. The command is a process group of its own,
# so that it can be ended with us. Not to be called in a condition: the command relies on "set -e".
attempt() {
    local label=$1 began=$SECONDS log
    log=$(log_of "$1")
    shift
    mkdir -p -- "$ql_logs"
    printf '%-60s' "$label"
    start_ticker "$label" "$began"
    set -m
    (
        trap - EXIT HUP INT TERM
        set +m
        "$@"
    ) >"$log" 2>&1 </dev/null &
    ql_running=$!
    set +m
    attempt_status=0
    wait "$ql_running" || attempt_status=$?
    ql_running=
    stop_ticker
    [[ ! -t 1 ]] || printf '%-60s' "$label"
    printf ' %4d s%s\n' $((SECONDS - began)) "$([[ $attempt_status == 0 ]] || echo '  FAILED')"
    [[ $attempt_status == 0 ]] || explain_failure "$log"
}

# step LABEL COMMAND...: an attempt without which nothing else makes sense.
step() {
    attempt "$@"
    [[ $attempt_status == 0 ]] || exit 1
}

# A sentence that the step wrote for the person is enough; else the log's last lines.
explain_failure() {
    grep '^quickstart: ' -- "$1" >&2 || tail -n 25 -- "$1" >&2
    printf 'The whole log: %s\n' "$1" >&2
}
