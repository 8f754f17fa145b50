# shellcheck shell=bash disable=SC2154
# Part of tools/stack: logs of certificates (tests/peers/ct_log.c), and the list that the policy has of them.

logs=
declare -A log_port=() log_operator=()

# As the caller says, else as they were at the last start.
know_logs() {
    local word name number=0
    : "${STACK_CT_LOGS=$(cat logs 2>/dev/null || true)}"
    for word in $STACK_CT_LOGS; do
        name=log-${word%%=*}
        number=$((number + 1))
        logs+=" $name"
        log_port["$name"]=$((8450 + number))
        log_operator["$name"]=${word#*=}
        uid["$name"]=$((61040 + number))
    done
}

# Its certificate is by the same private authority as the HTTPS sink's.
start_log() { # name
    folder "$1" "$1" 711
    cp sink/server.pem sink/server.key "$1/"
    own "$1" "$1"
    launch "$1" app/bin/ct_log --listen "$address:${log_port[$1]}" --cert "$1/server.pem" --key "$1/server.key" \
        --signer "$1/signer.pem" --roots "$dir/ceremony/root.pem"
    wait_for 10 taken "$address" "${log_port[$1]}" || { show_log "$1" && die "the log $1 does not start"; }
}

start_logs() {
    local name
    for name in $logs; do
        start_log "$name"
    done
    [ -z "$logs" ] || list_logs >app/policy/logs.json
}

end_logs() {
    local name
    for name in $logs; do
        end "$name"
    done
}

# As browsers write it.
list_logs() {
    local operator between=
    echo '{ "operators": ['
    for operator in $(printf '%s\n' "${log_operator[@]}" | sort -u); do
        printf '%s{ "name": "%s", "email": ["ct@%s"], "logs": [\n' "$between" "$operator" "$ca_host"
        list_logs_of "$operator"
        echo '], "tiled_logs": [] }'
        between=,
    done
    echo '] }'
}

list_logs_of() { # operator
    local name between=
    for name in $logs; do
        [ "${log_operator[$name]}" = "$1" ] || continue
        printf '%s{ "description": "%s", "log_id": "%s", "key": "%s", "url": "https://%s:%s/", "mmd": 86400,\n' \
            "$between" "$name" "$(log_key "$name" | openssl dgst -sha256 -binary | base64 -w0)" \
            "$(log_key "$name" | base64 -w0)" "$address" "${log_port[$name]}"
        echo '  "state": { "usable": { "timestamp": "2018-01-01T00:00:00Z" } },'
        echo '  "temporal_interval": { "start_inclusive": "2018-01-01T00:00:00Z", "end_exclusive": "2100-01-01T00:00:00Z" } }'
        between=,
    done
}

log_key() { openssl pkey -in "$1/signer.pem" -pubout -outform DER; } # name
