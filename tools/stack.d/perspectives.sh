# shellcheck shell=bash disable=SC2154
# Part of tools/stack: other points of view, each a process that has its own keys and, if asked for, its own DNS.

perspectives=
declare -a perspective_port=()

# As the caller says, else as they were at the last start.
know_perspectives() {
    local word name number=0
    : "${STACK_PERSPECTIVES=$(cat perspectives 2>/dev/null || true)}"
    for word in $STACK_PERSPECTIVES; do
        name=perspective-${word%%=*}
        number=$((number + 1))
        perspectives+=" $name"
        perspective_port[number]=$((7010 + number))
        admin_port["$name"]=$((9110 + number))
        uid["$name"]=$((61020 + number))
    done
}

is_perspective() { [[ $1 == perspective-* ]]; } # program

# The program's file, and the word that makes it what it is called.
program_of() { # name
    if is_perspective "$1"; then
        echo "app/bin/chancery-validation perspective"
    else
        echo "app/bin/chancery-$1"
    fi
}

# Which of them it is, from 1.
rank_of() { # name
    local name rank=0
    for name in $perspectives; do
        rank=$((rank + 1))
        [ "$name" != "$1" ] || echo "$rank"
    done
}

port_of_perspective() { echo "${perspective_port[$(rank_of "$1")]}"; } # name

# Where validation finds them, beside its other peers.
perspective_peers() {
    local name
    for name in $perspectives; do
        printf '%s=tcp://%s:%s ' "$name" "$address" "$(port_of_perspective "$name")"
    done
}

# The keys that are made for them, as arguments of `chancery keys`.
perspective_key_options() {
    local name
    for name in $perspectives; do
        printf -- '--perspective\n%s\n' "${name#perspective-}"
    done
}

# It needs to know who asks, and to show who it is.
hand_over_perspective() { # name
    folder "secrets/$1" "$1" 700
    folder "secrets/$1/bus" "$1" 700
    cp secrets/operator/bus/validation.pub "secrets/operator/bus/$1.pub" "secrets/operator/bus/$1.key" "secrets/$1/bus/"
    own "$1" "secrets/$1"
    chmod 600 "secrets/$1/bus/$1.key"
}

# ---- DNS

views() { [ -n "$perspectives" ] && { [ "${STACK_VIEWS:-no}" = yes ] || compgen -G 'dns-*' >/dev/null; }; }

view_of() { views && echo "dns-${1#perspective-}" || echo dns; } # name

view() { "$here/dns-rig" "$dir/$(view_of "$1")" "${@:2}"; } # name verb...

# In networks beside that of the stack: 127.A.201.53 and so on.
start_view() { # name
    local network=${address%.*.*}
    mkdir -p "$(view_of "$1")"
    chmod 755 "$(view_of "$1")"
    view "$1" start "$network.$((200 + $(rank_of "$1"))).53" 8>&-
    chmod 644 "$(view_of "$1")"/root.key "$(view_of "$1")"/root.hints
}

start_views() {
    local name starting=()
    views || return 0
    ! is_root || export DNS_RIG_USER=knot
    for name in $perspectives; do
        start_view "$name" &
        starting+=($!)
    done
    for name in "${starting[@]}"; do
        wait "$name" || die "a perspective has no DNS"
    done
}

end_views() {
    local name
    views || return 0
    for name in $perspectives; do
        [ ! -d "$(view_of "$name")" ] || view "$name" stop
    done
}

perspective_settings() { # name
    cat <<-END
	CHANCERY_PERSPECTIVE=${1#perspective-}
	CHANCERY_BUS_KEYS=secrets/$1/bus
	CHANCERY_BUS_BIND=tcp://$address:$(port_of_perspective "$1")
	CHANCERY_ADMIN_LISTEN=$address:${admin_port[$1]}
	CHANCERY_POLICY_DIR=app/policy
	CHANCERY_DNS_ANCHOR=$(view_of "$1")/root.key
	CHANCERY_DNS_HINTS=$(view_of "$1")/root.hints
	CHANCERY_DNS_LOOPBACK=yes
	CHANCERY_WEB_LOOPBACK=yes
	END
}
