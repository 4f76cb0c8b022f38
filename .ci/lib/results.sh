# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Running ctest and counting what it ran: each TAP line of a test is one, a test without TAP is one.

ql_passed=0
ql_failed=0

# count_results FILE: adds up ctest's JUnit file. A test that failed without saying "not ok" (it
# crashed, hung, or was never started) is one failure.
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

# Test output is cut to a kilobyte in the results unless it may be longer.
ctest_options=(-j2 --output-on-failure --no-tests=error --test-output-size-passed 4000000
    --test-output-size-failed 4000000)

# ctest announces each test's start; its end is news enough.
without_starts() { sed -u '/^ *Start  *[0-9]*: /d'; }

# run_ctest PRESET: runs all tests of the preset's build folder and counts them.
run_ctest() {
    local results="$ql_source/build/$1/results.xml"
    rm -f -- "$results"
    cd -- "$ql_source"
    ctest --preset "$1" "${ctest_options[@]}" --output-junit "$results" 2>&1 </dev/null |
        without_starts || true
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
