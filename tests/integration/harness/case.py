"""What a test says: expectations that tell what was found, and waiting for events, never for time."""
import time

PATIENCE = 120  # seconds: for what must come, however loaded the machine is


class Failed(Exception):
    """An expectation was not met."""


def equal(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what}: {found!r}, not {wanted!r}")


def true(what, found):
    if not found:
        raise Failed(f"{what}: {found!r}")


def inside(what, part, whole):
    if part not in whole:
        raise Failed(f"{what}: no {part!r} in {whole!r}")


def until(what, ask, patience=PATIENCE, every=0.03):
    """The first answer of ask() that is true. Asks often at first, then less."""
    end = time.monotonic() + patience
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {patience} s (last: {answer!r})")
        time.sleep(every)
        every = min(every * 1.3, 0.25)


def within(what, seconds, call):
    """The answer of call(), which must come in time."""
    began = time.monotonic()
    answer = call()
    took = time.monotonic() - began
    if took > seconds:
        raise Failed(f"{what}: took {took:.1f} s, not at most {seconds} s")
    return answer
