# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Running ctest and counting what it ran: each TAP line of a test is one, a test without TAP is one.

ql_passed=0
ql_failed=0

# count_results FILE: adds up ctest's JUnit file. A test that failed without saying "not ok" (it crashed, hung, or was
# never started) is one failure.
count_results() {
    local counts
    counts=$(awk '
        /<testcase / {
            name = $0; sub(/.*name="/, "", name); sub(/".*/, "", name)
            status = $0; sub(/.*status="/, "", status); sub(/".*/, "", status)
            ok = bad = 0
        }
        /<skipped message="SKIP_/ { status = "skipped" }
        { sub(/^[ \t]*<system-out>/, "") }
        /^ok [0-9]/ && !/# SKIP/ { ok++ }
        /^not ok [0-9]/ && !/# TODO/ { bad++ }
        /<\/testcase>/ {
            if (status == "skipped") print "skipped: " name > "/dev/stderr"
            else if (status == "run") { passed += ok; failed += bad; if (ok + bad == 0) passed++ }
            else { passed += ok; failed += bad > 0 ? bad : 1 }
        }
        END { print passed + 0, failed + 0 }' "$1")
    ql_passed=$((ql_passed + ${counts% *}))
    ql_failed=$((ql_failed + ${counts#* }))
}

# run_ctest BUILD-FOLDER OPTION...: runs the tests and counts them; what failed is shown in full.
run_ctest() {
    local build=$1 results="$1/results.xml"
    shift
    rm -f -- "$results"
    ctest --test-dir "$build" -j2 --output-on-failure --no-tests=error --output-junit "$results" \
        --test-output-size-passed 4000000 --test-output-size-failed 4000000 "$@" 2>&1 </dev/null || true
    count_results_of "$results"
}

# Where ctest wrote no results at all, that is a failure.
count_results_of() {
    if [[ -s $1 ]]; then count_results "$1"; else ql_failed=$((ql_failed + 1)); fi
}

# The last line of a test run; the status is whether all is well.
print_results() {
    printf '%d passed, %d failed\n' "$ql_passed" "$ql_failed"
    [[ $ql_failed == 0 && $ql_passed != 0 ]]
}
