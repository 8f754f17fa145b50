# shellcheck shell=sh
# The first thing that a program of the tree in sh reads: asked for --help it says what stands at its head,
# and does nothing.
case ${1:-} in
-h | --help)
    sed -n '2,${/^#/!q;/^# shellcheck/d;s/^# \{0,1\}//;p}' "$0"
    exit 0
    ;;
esac
