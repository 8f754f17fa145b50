# shellcheck shell=bash disable=SC2154
# Part of tools/stack: how it ends, whoever wants that, and nothing stays.

nothing_stays() {
    trap leave EXIT
    trap 'interrupted 129' HUP
    trap 'interrupted 130' INT TERM
    trap 'interrupted 141' PIPE
}

# A terminal that goes says so more than once, and each step is done whatever became of those before it.
# shellcheck disable=SC2317 # by the trap
leave() {
    set +e
    trap '' HUP INT PIPE TERM
    wait # for the DNS server, which may be on its way up
    note "stopping"
    stop_all
}

# Not all hear of it by a signal: those in the background of a terminal do not, nor those without one.
know_session() {
    local ignored
    ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$$/status")
    heeds_hangup=$((1 - (0x$ignored & 1)))
    session=$(process_stat $$ | cut -d' ' -f3)
    runs "$session" || session=0 # begun by one that had gone: nothing to learn
}

runs() { # pid
    case $(process_stat "$1") in
    '' | Z*) return 1 ;;
    esac
}

# Has who started the session gone, or the terminal, or who reads what we print? Takes a second to say no.
hung_up() {
    if [ "$heeds_hangup" = 0 ]; then
        sleep 1
        return 1
    fi
    [ "$session" = 0 ] || runs "$session" || return 0
    perl -MIO::Poll=POLLERR,POLLHUP -e '$p = IO::Poll->new; $p->mask(\*STDOUT => POLLERR | POLLHUP); exit($p->poll(1) < 1)'
}
