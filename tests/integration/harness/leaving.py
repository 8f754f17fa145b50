"""What ends a run of tests lets it stop what it has started."""
import signal
import sys

ENDINGS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def _leave(number, _):
    # A terminal that goes says so more than once; stopping is not to be stopped.
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


def leave_well():
    for ending in ENDINGS:
        if signal.getsignal(ending) != signal.SIG_IGN:
            signal.signal(ending, _leave)
