#!/bin/bash
# What the compiler does not see: who may include what, words that code here does not use, and names
# that a library and a service both define. Prints each finding; the last line counts the rules.
# shellcheck source=tools/help.sh
. "$(dirname "$(readlink -f "$0")")/help.sh"
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
passed=0 failed=0

verdict() { # rule findings
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        printf 'FAILED  %s\n%s\n' "$1" "$2"
        failed=$((failed + 1))
    fi
}

sources() { git ls-files -- '*.c' '*.h' | grep -v /testdata/; }

# Lines of our sources that match, outside the files that may.
never() { # rule pattern [files that may]
    verdict "$1" "$(sources | grep -vE "${3:-^$}" | xargs grep -nE "$2" || true)"
}

# ---- layers: lower never includes higher; testing stands beside them (point.h is for all)

layers="base message pki net look store bus ledger service"

layering() {
    sources | grep '^lib/' | grep -v '^lib/testing/' | xargs grep -nE '^#include "[a-z]+/' |
        awk -v layers="$layers" '
            BEGIN { count = split(layers, name, " "); for (i = 1; i <= count; i++) rank[name[i]] = i }
            {
                split($0, part, /[\/:"]/)
                match($0, /"[a-z]+\//)
                to = substr($0, RSTART + 1, RLENGTH - 2)
                if (to == "testing" && (/_(test|rig)\.[ch]:/ || /testing\/point\.h/))
                    next
                if (to == "testing" || rank[to] > rank[part[2]])
                    print
            }'
}
verdict "lower layers include no higher ones" "$(layering)"

# ---- doors to the outside

never "only lib/pki and the issuer use OpenSSL" '#include <openssl/' '^(lib/pki|services/issuer|fuzz|tools/weak-keys|tests/peers)/'
never "only the gateway's HTTP and the admin listener use microhttpd" '#include <microhttpd' \
    '^(services/gateway/http|lib/service/admin\.c|tests/peers/|bench/)'
never "only lib/store uses libpq and Redis" '#include <(libpq-fe|hiredis)' '^lib/store/'
never "only lib/bus uses ZeroMQ" '#include <zmq' '^lib/bus/'
never "only lib/look asks DNS" '#include <unbound' '^lib/look/'
never "only who validates looks at the world" '#include "look/' '^(lib/look|services/validation|fuzz)/'
never "only lib/base/markdown reads Markdown" '#include <cmark' '^lib/base/markdown\.c'
never "only the outgoing doors use libcurl" '#include <curl' '^(lib/(net|look|testing)|services/notifier)/'
verdict "services do not include each other" "$(git grep -nE '#include "services/' -- services |
    awk '{ split($0, part, "/"); if (index($0, "\"services/" part[2] "/") == 0) print }')"

# ---- the schema: a migration is one transaction, which waits for whoever uses what it locks and is waited for by all
# who come. If it wants two tables that each order uses, it and an order wait for each other.

busy="orders request request_name challenge job issuance to_sign certificate event delivery audit"

two_busy() { # migration...
    local file
    for file; do
        sed -E "s/--.*//; s/'[^']*'//g" "$file" | awk -v file="$file" -v busy="$busy" '
            BEGIN { RS = ";"; n = split(busy, name, " "); for (i = 1; i <= n; i++) is[name[i]] = 1 }
            { inside = body; body = (body + gsub(/\$\$/, "&")) % 2 } # of a function: nothing is locked yet
            inside { next }
            { first = $1 == "CREATE" ? $1 " " $2 : $1 }
            first ~ /^(ALTER|DROP|LOCK|TRUNCATE|UPDATE|DELETE|WITH|CREATE (UNIQUE|INDEX|TRIGGER|POLICY))$/ || /REFERENCES/ {
                count = split($0, word, /[^a-z_]+/)
                for (i = 1; i <= count; i++)
                    if (is[word[i]] && !seen[word[i]]++) { all = all " " word[i]; tables++ }
            }
            END { if (tables > 1) print file ":" all }'
    done
}
mapfile -t migrations < <(git ls-files -- db/migrations | awk -F/ '$3 >= "0030"') # those before are out
verdict "a migration locks one busy table" "$(two_busy "${migrations[@]}")"

# ---- words

never "no call that cannot know its limits" '\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|system|alloca)\(' '_test\.c$'
never "time comes from clock_now()" '\b(time\(NULL\)|gettimeofday\(|localtime\()' '^lib/base/(clock|calendar)'
never "there is one calendar" '\b(gmtime(_r)?|timegm|mktime|strftime)\(' '(_test\.c$|^lib/testing/)'
verdict "scenarios go by business time, leases apart" "$(git grep -nE '(^|[^.])now\(\)|time\.time\(|\.today\(|datetime\.now\(' \
    -- 'tests/integration/test_*.py' | grep -v lease_until || true)"
verdict "tests wait as testing/patience.h does" "$(git grep -nE '\b(sched_yield|usleep|sleep|nanosleep|pthread_cond_timedwait)\(' \
    -- '*_test.[ch]' '*_rig.[ch]' '*_toy.h' || true)"
never "nothing is left for later" '\b(TODO|FIXME|XXX|HACK)\b'
never "bugs are seeded by patches" 'SEEDED_BUG'
never "no typedef of our own" '^typedef ' '^(fuzz/|services/issuer/token/|lib/testing/point\.c)'
never "no tabs, no spaces at the end of a line" "($(printf '\t')| \$)"
verdict "no path of somebody's machine" "$(git grep -nIE '(/home|/work)/[a-z]' -- ':!fuzz/corpus' ':!tools/check.sh' || true)"

# ---- people look before they run something

programs() { git ls-files -s -- tools tests bench .ci | sed -n 's/^100755 [^\t]*\t//p'; }
verdict "each program of the tree heeds --help" "$(programs | xargs grep -LE -e '--help|argparse|/help\.sh"$' || true)"

# ---- names: a library's function that a service defines as well would be replaced in silence

symbols() { # object...
    nm --defined-only -g "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBR]/ { print $3 }' | grep -v '^__' | sort -u
}

clashes() { # build folder
    local service
    symbols "$1/libchancery.a" >"$1/symbols.lib"
    for service in services/*/; do
        find "$1/$service" -name '*.o' -not -name '*_test.o' -exec nm --defined-only -g {} + 2>/dev/null |
            awk 'NF == 3 && $2 ~ /[TDBR]/ { print $3 }' | grep -v '^__' | sort -u |
            comm -12 - "$1/symbols.lib" | grep -v '^main$' | sed "s#^#${service}: #" || true
    done
}
build=build/${V:-debug}
[ ! -e "$build/libchancery.a" ] ||
    verdict "no name of a library is defined again by a service" "$(clashes "$build")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
