# shellcheck shell=bash disable=SC2154
# Part of tools/stack: what the services lean on.

start_stores() {
    local dns_starts
    start_dns &
    dns_starts=$!
    start_sink
    start_mail
    start_logs
    start_redis
    start_postgres
    make_token
    start_views
    wait "$dns_starts" || die "there is no DNS"
}

end_stores() {
    end sink
    end mail
    end_logs
    [ ! -d dns ] || dns stop
    end redis
    end_postgres fast
}

# ---- PostgreSQL: on a socket only, passwords for all, and as durable as it comes

postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)

# Out of reach of the terminal's signals: a server that has begun to start is noted somewhere only then.
postgres() { # program argument...
    as postgres setsid -w env -i LC_ALL=C.UTF-8 "$postgres_bin/$1" "${@:2}"
}

make_cluster() {
    [ ! -d postgres ] || return 0
    rm -rf postgres.new
    folder postgres.new postgres 700
    secret postgres/password >/dev/null
    quietly initdb postgres initdb --pgdata="$dir/postgres.new" --username=postgres \
        --pwfile="$dir/secrets/postgres/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    echo "include '$dir/postgres.conf'" >>postgres.new/postgresql.conf
    mv postgres.new postgres
}

# STACK_POSTGRES: more lines of postgresql.conf.
configure_cluster() {
    cat >postgres.conf <<-END
	listen_addresses = ''
	unix_socket_directories = '"$dir/run/postgres"'
	max_connections = 200
	timezone = 'UTC'
	log_timezone = 'UTC'
	jit = off
	log_line_prefix = '%m [%p] %q%u '
	${STACK_POSTGRES:-}
	END
    chmod 644 postgres.conf
}

start_postgres() {
    [ -n "$postgres_bin" ] || die "no PostgreSQL server in /usr/lib/postgresql: tools/install build run"
    folder run/postgres postgres 750
    touch log/postgres.log
    own postgres log/postgres.log
    make_cluster
    configure_cluster
    postgres pg_ctl start -w -t 60 -s -D "$dir/postgres" -l "$dir/log/postgres.log" 8>&- ||
        { show_log postgres && die "PostgreSQL does not start"; }
}

end_postgres() { # mode
    [ ! -s postgres/postmaster.pid ] ||
        postgres pg_ctl stop -w -t 60 -s -m "$1" -D "$dir/postgres" || true
}

# As its administrator; statements on standard input.
admin_sql() { # database
    PGPASSWORD=$(secret postgres/password) psql -qAtX -v ON_ERROR_STOP=1 \
        "host='$dir/run/postgres' user=postgres dbname=$1"
}

# The owner of the schema, who is no superuser, and the database.
make_database() {
    [ -z "$(admin_sql postgres <<<"SELECT 1 FROM pg_database WHERE datname = 'chancery'")" ] || return 0
    admin_sql postgres <<-END
	CREATE ROLE chancery_owner LOGIN CREATEROLE PASSWORD '$(secret operator/owner.password)';
	CREATE DATABASE chancery OWNER chancery_owner;
	END
}

database_url() { # role
    echo "host='$dir/run/postgres' dbname=chancery user=chancery_$1 password=$(secret "operator/$1.password")"
}

# ---- Redis: nothing in it needs to last

start_redis() {
    folder run/redis redis 750
    launch redis redis-server --port 0 --unixsocket "$dir/run/redis/socket" --unixsocketperm 770 \
        --save '' --appendonly no --maxmemory 64mb --maxmemory-policy allkeys-lru
    wait_for 10 redis_answers || { show_log redis && die "Redis does not start"; }
}

redis_answers() { [ "$(redis-cli -s "$dir/run/redis/socket" ping 2>/dev/null)" = PONG ]; }

# ---- SoftHSM: one token, in a folder of its own

# Test programs believe in a shifted clock only where the token's label begins with test.
token_label() { [ "$variant" = release ] && echo chancery || echo test; }

token_config() { # folder of tokens
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$1"
}

make_token() {
    token_config "$dir/token" >softhsm2.conf
    [ ! -d token ] || return 0
    rm -rf token.new
    folder token.new issuer 700
    token_config "$dir/token.new" >softhsm2.new.conf
    quietly token as issuer env SOFTHSM2_CONF="$dir/softhsm2.new.conf" softhsm2-util --init-token --free \
        --label "$(token_label)" --so-pin "$(secret issuer/token-so-pin)" --pin "$(secret issuer/token-pin)"
    rm softhsm2.new.conf
    mv token.new token
}

# ---- DNS with a signed root

dns() { "$here/dns-rig" "$dir/dns" "$@"; }

start_dns() {
    trap : HUP TERM # it is stopped when it has started
    mkdir -p dns
    chmod 755 dns
    ! is_root || export DNS_RIG_USER=knot
    dns start "${address%.*}.53" 8>&-
    chmod 644 dns/root.key dns/root.hints
}

# ---- who takes webhooks

sink_url() { echo "https://$address:$sink_port"; }

start_sink() {
    mkdir -p sink
    "$here/private-ca" sink "$address"
    chmod 711 sink
    own sink sink/server.key
    touch sink/requests.log
    own sink sink/requests.log
    launch sink app/bin/https_sink --listen "$address:$sink_port" --cert sink/server.pem \
        --key sink/server.key --log sink/requests.log
    wait_for 10 taken "$address" "$sink_port" || { show_log sink && die "the HTTPS sink does not start"; }
}

# ---- who takes mails

# Its certificate is by the same private authority as the HTTPS sink's.
start_mail() {
    folder mail mail 711
    cp sink/server.pem sink/server.key mail/
    own mail mail/server.key
    launch mail app/bin/smtp_sink.py --listen "$address:$mail_port" --cert mail/server.pem \
        --key mail/server.key --folder mail
    wait_for 10 taken "$address" "$mail_port" || { show_log mail && die "the mail server does not start"; }
}
