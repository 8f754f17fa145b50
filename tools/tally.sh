# shellcheck shell=sh
# For scripts of many tests: counts them, shows what failed, and says the sum at the end. sh has no local
# variables, hence the prefix.
passed=0 failed=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

# A part with many tests, shown as it runs. It says "N passed, N failed" itself.
suite() { # name command...
    tally_name=$1
    shift
    { "$@" 2>&1 || echo "exit status $?"; } | tee "$out"
    tally_counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -1)
    tally_good=${tally_counts%% *}
    tally_bad=$(echo "$tally_counts" | awk '{ print $3 }')
    if [ -z "$tally_counts" ] || { grep -q '^exit status' "$out" && [ "$tally_bad" -eq 0 ]; }; then
        echo "FAILED  $tally_name"
        tally_bad=1
    fi
    passed=$((passed + ${tally_good:-0})) failed=$((failed + tally_bad))
}

# One test, silent when it passes.
check() { # name command...
    tally_name=$1
    shift
    if "$@" >"$out" 2>&1; then
        echo "ok      $tally_name"
        passed=$((passed + 1))
    else
        cat "$out"
        echo "FAILED  $tally_name"
        failed=$((failed + 1))
    fi
}

refuses() { ! "$@"; }

# A heading, the functions named after it, and how long they took.
section() { # title function...
    tally_title=$1 tally_began=$(date +%s)
    shift
    printf '\n==== %s\n' "$tally_title"
    for tally_part in "$@"; do
        "$tally_part"
    done
    echo "---- $tally_title: $(($(date +%s) - tally_began)) s"
}

total() {
    echo
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
