"""How a command ends before its end: at Ctrl-C, at SIGTERM, or when its terminal is closed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SOON = 0.02
"""Seconds until an interruption that was lost is tried again."""


@contextmanager
def ending_gently() -> Iterator[Interruption]:
    """Let Ctrl-C, a closed terminal and SIGTERM end a command in the same way: undone, with nothing left running.

    A signal that the caller lets the command ignore, as ``nohup`` does, stays ignored.

    Raises
    ------
    KeyboardInterrupt
        When a signal was heard.
    """
    from geo_hygiene.database import is_between_statements  # noqa: PLC0415 - `up`, which does without, starts faster

    hook = sys.unraisablehook
    interruption = Interruption(is_between_statements, hook)
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    handlers = {number: signal.getsignal(number) for number in signals}
    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN or number is signal.SIGALRM:
            signal.signal(number, interruption.hear)
    sys.unraisablehook = interruption.lose
    try:
        yield interruption
    except Exception as error:
        if not interruption.is_heard:
            raise
        raise KeyboardInterrupt from error
    finally:
        interruption.end()
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)


class Interruption:
    """A signal that ends the command, wherever the command is when it is heard."""

    def __init__(self, can_raise: Callable[[], bool], others: Callable[[sys.UnraisableHookArgs], object]) -> None:
        self.can_raise = can_raise
        self.others = others
        self.is_heard = False
        self.is_told = False
        """Whether the command was interrupted; what follows is its end, and needs no second interruption."""
        self.is_held = False

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Interrupt the command, now or as soon as it can be."""
        self.is_heard = True
        if self.is_held or (self.is_told and number == signal.SIGALRM):
            return
        if self.can_raise():
            self.is_told = True
            raise KeyboardInterrupt
        self.try_again()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let something be done whole, that would speak of what interrupts it; the command is interrupted after it."""
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False
        if self.is_heard and not self.is_told:
            self.is_told = True
            raise KeyboardInterrupt

    def lose(self, lost: sys.UnraisableHookArgs) -> None:
        """Try again when the command was where nothing can be raised, as in a finalizer."""
        if lost.exc_type is KeyboardInterrupt and self.is_heard:
            self.is_told = False
            self.try_again()
        else:
            self.others(lost)

    def try_again(self) -> None:
        """Let an alarm be heard, soon; a thread must not be started within a signal handler."""
        signal.setitimer(signal.ITIMER_REAL, SOON)

    def end(self) -> None:
        """Try no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)
