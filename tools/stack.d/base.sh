# shellcheck shell=bash disable=SC2154
# Part of tools/stack: its folder, addresses, secrets, and programs that run.

# Who reads this may have gone.
note() { echo "stack: $*" 2>/dev/null || :; }

die() {
    echo "stack: $*" >&2
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# ---- the folder

# May the users that programs run as go there, and can it be written in all their configurations? Paths of
# sockets are short (unix(7)).
reachable() { # folder
    local odd=[\'\"\\'$`%&;#'[:cntrl:]]
    # shellcheck disable=SC2053 # a pattern
    [ "${#1}" -le 80 ] && [[ $1 != *$odd* ]] && mkdir -p "$1" || return
    is_root || return 0
    chmod 711 "$1"
    setpriv --reuid="${uid[sink]}" --regid="$group" --clear-groups -- test -x "$1"
}

open_folder() { # as the caller says it
    local wished
    wished=$(readlink -m "$1")
    dir=$wished
    if ! reachable "$dir" 2>/dev/null; then
        dir=/var/tmp/chancery-$(printf %s "$wished" | sha256sum | cut -c1-12)
        case $verb in
        check | up | run) note "unprivileged programs cannot use $wished: everything is in $dir" ;;
        esac
        reachable "$dir" || die "nor can they use $dir"
    fi
    cd "$dir" || exit
    address=$(cat address 2>/dev/null || true)
    loopback "$address" || address=
    case $verb in
    check | up | run | down) take_lock ;;
    esac
}

# The file says who has it, and when that began. `down` ends whoever is up or on the way there; when that
# was killed, what it called last may have the lock for a moment.
take_lock() {
    local pid born what
    exec 8<>lock
    if ! flock -n 8; then
        read -r pid born what <lock || true
        if ! process_runs "${pid:-0}" "${born:-0}"; then
            flock -w 10 8 || die "another stack command is at work in $dir (end that first)"
        elif [ "$verb" = down ] && [[ $what = up || $what = run ]]; then
            note "ending process $pid (stack $what)"
            kill "$pid" && flock -w 120 8 || die "process $pid (stack $what) does not end"
        else
            die "process $pid (stack $what) is at work in $dir: end that first"
        fi
    fi
    echo "$$ $(process_born $$) $verb" >lock
}

folder() { # name owner mode
    mkdir -p "$1"
    own "$2" "$1"
    chmod "$3" "$1"
}

own() { # owner path...
    ! is_root || chown -R "${uid[$1]}:$group" "${@:2}"
}

# Programs run from copies: a build may go on meanwhile, and all users can reach them.
lay_out() {
    local b=$top/build/$variant name
    [ -x "$b/tests/peers/https_sink" ] || die "nothing is built: make V=$variant bins peers"
    for name in $services; do
        [ -x "$b/bin/chancery-$name" ] || die "chancery-$name is not built: make V=$variant bins peers"
    done
    rm -rf app
    mkdir -p app/bin log run secrets
    cp "$b"/bin/* "$b/tests/peers/https_sink" "$b/tests/peers/ct_log" "$top/tests/peers/smtp_sink.py" app/bin/
    cp -R "$top/policy" "$top/db" app/
    mkdir -p app/share/chancery # as make install has it, for who works elsewhere
    ln -s ../../policy ../../db/migrations app/share/chancery/
    sed -i "s/\"default_authority\": \"[a-z0-9]*\"/\"default_authority\": \"$default_authority\"/" \
        app/policy/products/*.json
    chmod -R a+rX app
    for name in $services operator postgres; do
        folder "secrets/$name" "$name" 700
    done
    chmod 711 secrets run
    echo "$variant" >variant
}

# ---- where it listens

taken() { # address port
    (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

# 127.A.B.C, and none of those that the DNS server and its odd neighbours have.
loopback() { # address
    local byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
    [[ $1 =~ ^127(\.$byte){3}$ ]] && [[ ! ${1##*.} =~ ^(0|5[345]|255)$ ]]
}

check_wish() {
    [ -z "${STACK_ADDRESS:-}" ] || loopback "$STACK_ADDRESS" ||
        die "STACK_ADDRESS=$STACK_ADDRESS: say 127.A.B.1, an address of this machine alone"
}

first_taken() { # address: the first of our places there where somebody listens
    local port
    ! taken "${1%.*}.53" 53 || { echo "${1%.*}.53 port 53" && return; }
    for port in $api_port $sink_port $mail_port "${bus_port[@]}" "${perspective_port[@]}" "${log_port[@]}" "${admin_port[@]}"; do
        ! taken "$1" "$port" || { echo "$1 port $port" && return; }
    done
}

all_free() { [ -z "$(first_taken "$1")" ]; } # address

# The same as last time, else the first loopback network where nobody is.
find_address() {
    local n place
    if [ -n "${STACK_ADDRESS:-$address}" ]; then
        address=${STACK_ADDRESS:-$address}
        place=$(first_taken "$address")
        [ -z "$place" ] || die "something else listens at $place: say STACK_ADDRESS=127.A.B.1 for another"
    else
        for n in $(seq 77 99); do
            address=127.$n.0.1
            ! all_free "$address" || break
        done
    fi
}

choose_address() {
    find_address
    echo "$address" >address
}

# ---- secrets: each in a file of who may read it

keep_secret() { # owner/name; its value is the standard input
    (umask 077 && cat >"secrets/$1.new")
    own "${1%%/*}" "secrets/$1.new"
    mv "secrets/$1.new" "secrets/$1"
}

secret() { # owner/name: its value; the first who asks has it made
    [ -s "secrets/$1" ] || openssl rand -hex 24 | keep_secret "$1"
    cat "secrets/$1"
}

# ---- programs

as() { # who command...
    if is_root; then
        setpriv --reuid="${uid[$1]}" --regid="$group" --clear-groups -- "${@:2}"
    else
        "${@:2}"
    fi
}

alive() { process_kept "run/$1.pid"; } # name

# Who has made a pipe run/NAME.log reads there what NAME says, and keeps log/NAME.log.
words_to() { # name
    [ -p "run/$1.log" ] && echo "run/$1.log" || echo "log/$1.log"
}

# A signal that comes between a start and the note of it waits.
launch() { # name command...
    local drop=()
    ! is_root || drop=(setpriv "--reuid=${uid[$1]}" "--regid=$group" --clear-groups --)
    launching=yes
    setsid "${drop[@]}" "${@:2}" >>"$(words_to "$1")" 2>&1 </dev/null 8>&- &
    process_keep "run/$1.pid" $!
    disown # bash tells of the end of its jobs
    launching=
    [ -z "$told_to_end" ] || exit "$told_to_end"
}

launching='' told_to_end=''
interrupted() { # exit status
    told_to_end=$1
    [ -n "$launching" ] || exit "$1"
}

end() { # name [signal]
    if alive "$1"; then
        kill "-${2:-TERM}" "$(cat "run/$1.pid")" || true
        wait_for 30 gone "$1" || { note "$1 does not end: killed" && kill -KILL "$(cat "run/$1.pid")"; }
    fi
    process_forget "run/$1.pid"
}

gone() { ! alive "$1"; }

wait_for() { # seconds command...
    local until=$((SECONDS + $1))
    while ! "${@:2}"; do
        [ $SECONDS -le $until ] || return
        sleep 0.05
    done
}

show_log() { # name
    echo "---- the last lines of $dir/log/$1.log" >&2
    tail -n 15 "log/$1.log" >&2 || true
}

quietly() { # log command...
    "${@:2}" >"log/$1.log" 2>&1 || { show_log "$1" && die "$1 failed"; }
}
