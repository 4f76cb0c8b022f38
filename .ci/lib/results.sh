# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Running ctest and counting what it ran: each TAP line of a test is one, a test without TAP is one.

ql_passed=0
ql_failed=0

# count_results FILE [AGAIN]: adds up ctest's JUnit file. A test that failed without saying "not ok"
# (it crashed, hung, or was never started) is one failure. What AGAIN, a file of the tests that were
# run once more, says of a test replaces what FILE says.
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
            if (status != "run" && status != "skipped" && bad == 0) bad = 1
            else if (status == "run" && ok + bad == 0) ok = 1
            if (name in good && status == "run")
                print "passed only when it was run again, alone: " name > "/dev/stderr"
            good[name] = status == "skipped" ? 0 : ok
            lost[name] = status == "skipped" ? 0 : bad
            if (status == "skipped") print "skipped: " name > "/dev/stderr"
        }
        END {
            for (name in good) { passed += good[name]; failed += lost[name] }
            print passed + 0, failed + 0
        }' "$@")
    ql_passed=$((ql_passed + ${counts% *}))
    ql_failed=$((ql_failed + ${counts#* }))
}

# Test output is cut to a kilobyte in the results unless it may be longer.
ctest_options=(-j2 --output-on-failure --no-tests=error --test-output-size-passed 4000000
    --test-output-size-failed 4000000)

# ctest announces each test's start; its end is news enough.
without_starts() { sed -u '/^ *Start  *[0-9]*: /d'; }

# More failures than these are no accident of a busy machine.
most_failures_to_repeat=3

# run_ctest PRESET: runs all tests of the preset's build folder and counts them. Many of them drive
# several programs over a network at once: a few that failed beside another test are run once more,
# alone, and what passes only then is named.
run_ctest() {
    local build="$ql_source/build/$1" results again failed
    results="$build/results.xml" again="$build/results-again.xml"
    failed="$build/Testing/Temporary/LastTestsFailed.log"
    rm -f -- "$results" "$again" "$failed"
    cd -- "$ql_source"
    ctest --preset "$1" "${ctest_options[@]}" --output-junit "$results" 2>&1 </dev/null |
        without_starts || true
    if [[ -s $failed && $(wc -l <"$failed") -le $most_failures_to_repeat ]]; then
        say "What failed is run once more, alone."
        ctest --preset "$1" "${ctest_options[@]}" -j1 --rerun-failed --output-junit "$again" 2>&1 \
            </dev/null | without_starts || true
    fi
    count_results_of "$results" "$again"
}

# Where ctest wrote no results at all, that is a failure. The second file may be absent.
count_results_of() {
    if [[ ! -s $1 ]]; then
        ql_failed=$((ql_failed + 1))
    elif [[ -s ${2:-} ]]; then
        count_results "$1" "$2"
    else
        count_results "$1"
    fi
}

# The last line of a test run; the status is whether all is well.
print_results() {
    printf '%d passed, %d failed\n' "$ql_passed" "$ql_failed"
    [[ $ql_failed == 0 && $ql_passed != 0 ]]
}
