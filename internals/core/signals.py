"""Signals that ask a program to end: a handler for a while, and the one of before again."""

import contextlib
import signal
import sys
import threading

SIGNALS = [each for each in signal.Signals if each.name in ("SIGINT", "SIGTERM", "SIGHUP")]


class Interrupted(KeyboardInterrupt):
    """A signal asks the program to end."""

    def __init__(self, number):
        self.number = number


@contextlib.contextmanager
def handling_signals(handle, times=1):
    """Call `handle(number)` for each signal that asks the program to end, so many times at most.

    Then the handlers of before are back. A signal that the shell has the program ignore, as `nohup`
    does, stays ignored. Python handles signals in the main thread only: in another one they go
    where they went before.
    """
    came = []

    def on_signal(number, frame):
        came.append(number)
        if len(came) == times:
            restore()
        handle(number)

    def restore():
        for number, handler in before.items():
            if signal.getsignal(number) is on_signal:
                signal.signal(number, handler)

    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in SIGNALS} if main else {}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


@contextlib.contextmanager
def raising_signals():
    """Raise Interrupted for the first signal; a second one kills the program.

    A notebook, which goes on afterwards, has its handlers back then.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def interrupt(number):
        restore_defaults()
        raise Interrupted(number)

    try:
        with handling_signals(interrupt):
            yield
    finally:
        if is_interactive():
            for number, handler in before.items():
                signal.signal(number, handler)


def is_interactive():
    """Return whether people type into this process, as in a notebook or Python's own prompt."""
    return hasattr(sys, "ps1")


def restore_defaults():
    """Let each signal that asks the program to end kill it at once, unless it is ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def dying_of_interrupt():
    """Let Ctrl-C end the program at once and without a traceback, where Python would raise."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
