# shellcheck shell=bash
# For scripts that start programs: a process is known by its number and the moment it began, which it keeps
# through exec. The number alone may be another program's by now, and more than these two is not shown of
# other users' processes everywhere: root in a container often may not look at their folder.

# Its state, who waits for it, its session and the moment it began (proc_pid_stat(5): 3, 4, 6, 22).
process_stat() { # pid
    local line
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return
    # shellcheck disable=SC2086 # several words
    set -- ${line##*) }
    echo "$1 $2 $4 ${20}"
}

process_born() { process_stat "$1" | cut -d' ' -f4; }

# One that has ended is there until somebody waits for it, and in a container often nobody does.
process_runs() { # pid began
    local found
    found=$(process_stat "$1") && [ "${found##* }" = "$2" ] && [ "${found%% *}" != Z ]
}

process_keep() { # NAME.pid pid
    process_born "$2" >"${1%.pid}.born" || true
    echo "$2" >"$1"
}

process_kept() { # NAME.pid: does it run?
    local pid born
    pid=$(cat "$1" 2>/dev/null) && born=$(cat "${1%.pid}.born" 2>/dev/null) && process_runs "$pid" "$born"
}

process_forget() { rm -f "$1" "${1%.pid}.born"; } # NAME.pid
