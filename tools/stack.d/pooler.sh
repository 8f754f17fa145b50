# shellcheck shell=bash disable=SC2154
# Part of tools/stack: with STACK_POOLER=yes the services reach PostgreSQL by a pgbouncer in transaction
# mode, on a socket of its own. The operator's command and the migrations go straight.

pooled() { [ "${STACK_POOLER:-no}" = yes ]; }

# What a service is told. Below 1.21 pgbouncer does not know prepared statements.
service_database_url() { # service
    if pooled; then
        database_url "$1" | sed "s#^host='[^']*'#host='$dir/run/pooler' port=6432#"
    else
        database_url "$1"
    fi
}

configure_pooler() {
    local name
    for name in $services; do
        printf '"chancery_%s" "%s"\n' "$name" "$(secret "operator/$name.password")"
    done | keep_secret pooler/users
    keep_secret pooler/ini <<-END
	[databases]
	chancery = host='$dir/run/postgres' dbname=chancery
	[pgbouncer]
	unix_socket_dir = $dir/run/pooler
	listen_port = 6432
	auth_type = scram-sha-256
	auth_file = $dir/secrets/pooler/users
	pool_mode = transaction
	default_pool_size = 5
	max_client_conn = 200
	END
}

start_pooler() {
    pooled || return 0
    [ -x /usr/sbin/pgbouncer ] || die "there is no pgbouncer: tools/install test"
    folder secrets/pooler pooler 700
    folder run/pooler pooler 750
    configure_pooler
    launch pooler /usr/sbin/pgbouncer "$dir/secrets/pooler/ini"
    wait_for 10 test -S run/pooler/.s.PGSQL.6432 || { show_log pooler && die "pgbouncer does not start"; }
}
