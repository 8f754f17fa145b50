# shellcheck shell=bash disable=SC2154
# Part of tools/stack: schema, keys, policy, ceremony, and the five services.

prepare() {
    local name options
    make_database
    for name in $services cli ceremony; do
        secret "operator/$name.password" >/dev/null
    done
    database_url owner | keep_secret operator/owner-database
    database_url cli | keep_secret operator/database
    quietly migrate chancery migrate --passwords secrets/operator
    start_pooler
    mapfile -t options < <(perspective_key_options)
    quietly keys chancery keys secrets/operator/bus "${options[@]}"
    quietly seal-key chancery seal-key secrets/operator/seal-key
    quietly policy-key chancery policy-key secrets/operator/policy-key
    for name in $services; do
        hand_over "$name"
    done
    for name in $perspectives; do
        hand_over_perspective "$name"
    done
    quietly policy chancery policy load app/policy
    hold_ceremony
    make_account
    folder audit scheduler 700
    folder journal issuer 700
}

# The operator's command.
chancery() {
    as operator env -i PATH="$PATH" CHANCERY_MIGRATIONS=app/db/migrations \
        CHANCERY_DATABASE_URL_FILE=secrets/operator/database \
        CHANCERY_POLICY_KEY_FILE=secrets/operator/policy-key CHANCERY_SEAL_KEY=secrets/operator/seal-key \
        CHANCERY_ADMIN_DATABASE_URL_FILE=secrets/operator/owner-database \
        ${CHANCERY_LOG_LIST:+"CHANCERY_LOG_LIST=$CHANCERY_LOG_LIST"} \
        ${CHANCERY_TEST_CLOCK:+"CHANCERY_TEST_CLOCK=$CHANCERY_TEST_CLOCK"} app/bin/chancery "$@"
}

# Each service gets its own secrets and nobody else's.
hand_over() { # service
    local own=secrets/$1
    service_database_url "$1" | keep_secret "$1/database"
    folder "$own/bus" "$1" 700
    cp secrets/operator/bus/*.pub "secrets/operator/bus/$1.key" "$own/bus/"
    case $1 in
    gateway | validation | notifier) cp secrets/operator/seal-key "$own/" ;;
    issuer) cp secrets/operator/policy-key.pub "$own/" ;;
    esac
    own "$1" "$own"
    chmod 600 "$own/bus/$1.key"
}

# Who the CA of this folder is: nobody that anybody should trust, and at addresses that nobody can have.
ca_name="Chancery Demonstration (do not trust)"
ca_host=chancery.example

# With the issuer's token and a role of its own, which is there for as long as it takes.
hold_ceremony() {
    folder ceremony issuer 755
    folder secrets/ceremony issuer 700
    database_url ceremony | keep_secret ceremony/database
    own issuer secrets/ceremony
    service_settings issuer
    quietly ceremony as issuer env -i "${settings[@]}" \
        CHANCERY_DATABASE_URL_FILE=secrets/ceremony/database app/bin/chancery-issuer ceremony \
        app/policy/ceremony.json ceremony
    rm -rf secrets/ceremony
}

# Who the demonstration and tests are. A run that was cut off in here leaves an account to no one.
make_account() {
    [ ! -s secrets/operator/api-key ] || return 0
    quietly account chancery account create "Example Ltd" --username "ann-$(openssl rand -hex 3)" \
        --email ann@example.com
    keep_secret operator/account <log/account.log
    chancery key create "$(awk '$1 == "user_id" { print $2 }' log/account.log)" demonstration |
        awk '$1 == "key" { print $2 }' | keep_secret operator/api-key
}

# ---- settings

settings_of() { # service
    local name
    ! is_perspective "$1" || { perspective_settings "$1" && return; }
    cat <<-END
	CHANCERY_DATABASE_URL_FILE=secrets/$1/database
	CHANCERY_BUS_KEYS=secrets/$1/bus
	CHANCERY_BUS_PEERS=$(for name in "${!bus_port[@]}"; do
        [ "$name" = "$1" ] || printf '%s=tcp://%s:%s ' "$name" "$address" "${bus_port[$name]}"
    done
    [ "$1" != validation ] || perspective_peers)
	CHANCERY_BUS_BIND=${bus_port[$1]:+tcp://$address:${bus_port[$1]}}
	CHANCERY_ADMIN_LISTEN=$address:${admin_port[$1]}
	CHANCERY_POLICY_DIR=app/policy
	END
    ! pooled || echo CHANCERY_DATABASE_PREPARE=no
    case $1 in
    gateway)
        cat <<-END
	CHANCERY_LISTEN=$address:$api_port
	CHANCERY_REDIS_URL=unix://$dir/run/redis/socket
	CHANCERY_SEAL_KEY=secrets/gateway/seal-key
	CHANCERY_OUTBOUND_LOOPBACK=yes
	CHANCERY_DCV_CNAME_TARGET=dcv.$ca_host
	CHANCERY_PUBLIC_URL=$(base_url)
	END
        ;;
    validation)
        cat <<-END
	CHANCERY_SEAL_KEY=secrets/validation/seal-key
	CHANCERY_DNS_ANCHOR=dns/root.key
	CHANCERY_DNS_HINTS=dns/root.hints
	CHANCERY_DNS_LOOPBACK=yes
	CHANCERY_DCV_CNAME_TARGET=dcv.$ca_host
	CHANCERY_WEB_LOOPBACK=yes
	CHANCERY_OUTBOUND_LOOPBACK=yes
	CHANCERY_CT_CA=sink/ca.pem
	END
        [ -z "$perspectives" ] || cat <<-END
	CHANCERY_PERSPECTIVES=$STACK_PERSPECTIVES
	CHANCERY_PERSPECTIVE_PLACE=64.13,-21.94
	END
        ;;
    issuer)
        cat <<-END
	SOFTHSM2_CONF=$dir/softhsm2.conf
	CHANCERY_TOKEN_LABEL=$(token_label)
	CHANCERY_TOKEN_PIN_FILE=secrets/issuer/token-pin
	CHANCERY_JOURNAL=journal/issuer
	CHANCERY_STATUS_HOST=status.$ca_host
	CHANCERY_CA_NAME=$ca_name
	CHANCERY_CA_ORGANIZATION=$ca_name
	CHANCERY_CA_COUNTRY=XX
	CHANCERY_POLICY_PUBLIC_KEY=secrets/issuer/policy-key.pub
	END
        ;;
    notifier)
        cat <<-END
	CHANCERY_SEAL_KEY=secrets/notifier/seal-key
	CHANCERY_WEBHOOK_CA=sink/ca.pem
	CHANCERY_SMTP_URL=smtp://$address:$mail_port
	CHANCERY_SMTP_CA=sink/ca.pem
	CHANCERY_MAIL_FROM=ca@$ca_host
	CHANCERY_PUBLIC_URL=$(base_url)
	CHANCERY_OUTBOUND_LOOPBACK=yes
	END
        ;;
    scheduler)
        echo CHANCERY_AUDIT_HEADS=audit/heads
        ;;
    esac
}

# What the caller's environment says: for this service alone, and whatever setting it knows.
asked_settings() { # service
    local only=${1//-/_} known name
    only=STACK_${only^^}_ENV
    tr -s ' \n' '\n' <<<"${!only:-}"
    [ -n "${!CHANCERY_*}" ] || return 0
    # shellcheck disable=SC2046 # the program and its word
    known=$($(program_of "$1") --settings)
    for name in "${!CHANCERY_@}"; do
        case "$name:$known" in
        CHANCERY_TEST_*:* | *:*"\`${name%_FILE}\`"*) echo "$name=${!name}" ;;
        esac
    done
}

# Into the array `settings`: what is set last counts. Sanitizers may be told how to behave.
service_settings() { # service
    mapfile -t settings < <(
        echo "PATH=$PATH"
        for name in ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS; do
            [ -z "${!name:-}" ] || echo "$name=${!name}"
        done
        settings_of "$1"
        asked_settings "$1" | sed '/^$/d'
    )
}

# ---- up and down

start_services() {
    local name
    for name in $services $perspectives; do
        start_service "$name"
    done
    for name in $services $perspectives; do
        await_ready "$name"
    done
}

start_service() { # name
    service_settings "$1"
    printf '%s\n' "${settings[@]}" >"run/$1.settings" # the process itself lets nobody look
    # shellcheck disable=SC2046 # the program and its word
    launch "$1" env -i "${settings[@]}" $(program_of "$1")
}

ready() { # name; false as well when it has ended
    rm -f "run/$1.ready" # what another said
    [ "$(curl -s -m 2 -o "run/$1.ready" -w '%{http_code}' "http://$address:${admin_port[$1]}/readyz")" = 200 ]
}

ready_or_gone() { ready "$1" || gone "$1"; }

await_ready() { # name
    wait_for "${STACK_WAIT:-30}" ready_or_gone "$1" || true
    ready "$1" && return
    echo "stack: $1 is not ready: $(cat "run/$1.ready" 2>/dev/null || echo "it does not answer")" >&2
    show_log "$1"
    exit 1
}

stop_all() {
    local name
    for name in $services $perspectives; do
        end "$name"
    done
    end_views
    end pooler
    end_stores
}

# ---- one of them

end_one() { # name [signal]
    case $1 in
    postgres) end_postgres "$([ "${2:-KILL}" = TERM ] && echo fast || echo immediate)" ;;
    dns) dns stop ;;
    *)
        case ${2:-KILL} in
        STOP | CONT) kill "-$2" "$(cat "run/$1.pid")" ;;
        *) end "$1" "${2:-KILL}" ;;
        esac
        ;;
    esac
}

start_one() { # name
    ! alive "$1" || die "$1 runs already"
    variant=$(cat variant)
    case $1 in
    postgres) start_postgres ;;
    redis) start_redis ;;
    dns) start_dns ;;
    sink) start_sink ;;
    mail) start_mail ;;
    log-*) start_log "$1" ;;
    pooler) start_pooler ;;
    *)
        start_service "$1"
        await_ready "$1"
        ;;
    esac
}

# Any service that ends by itself ends the show; one that `stack kill` ended has no number any more.
watch_services() {
    local name
    until hung_up; do
        for name in $services $perspectives; do
            if lost "$name" && sleep 0.5 && lost "$name"; then
                show_log "$name"
                die "$name has ended"
            fi
        done
    done
    exit 129
}

lost() { [ -e "run/$1.pid" ] && ! alive "$1"; }
