"""A command that is told to stop stops, wherever it is when it hears of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import psycopg2.extensions
import pytest

from geo_hygiene.cli.ending import SOON, ending_gently
from geo_hygiene.database import engine
from tests.conftest import TestDatabase

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

LONG = 5
"""Seconds of work that must be interrupted."""


@pytest.fixture(autouse=True)
def _unchanged_outside() -> Iterator[None]:
    numbers = (*STOPS, signal.SIGALRM)
    handlers, hook = [signal.getsignal(number) for number in numbers], sys.unraisablehook
    yield
    assert ([signal.getsignal(number) for number in numbers], sys.unraisablehook) == (handlers, hook)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_ends_the_work(number: signal.Signals):
    def work() -> None:
        os.kill(os.getpid(), number)
        time.sleep(LONG)

    _is_interrupted(work)


def test_a_signal_that_is_heard_in_a_finalizer_ends_the_work_a_little_later(capfd: pytest.CaptureFixture[str]):
    class Thing:
        pass

    threads = [threading.active_count()]

    def interrupted(_reference: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    def work() -> None:
        thing = Thing()
        watch = weakref.ref(thing, interrupted)
        del thing
        threads.append(threading.active_count())
        assert watch() is None
        time.sleep(LONG)

    _is_interrupted(work)
    assert threads[0] == threads[1]
    assert capfd.readouterr().err == ""


def test_a_signal_that_is_heard_while_a_statement_fails_ends_the_work_without_a_word(
    database: TestDatabase, capfd: pytest.CaptureFixture[str]
):
    connections = engine(database.service_url)
    with connections.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None

        def work(after: float) -> None:
            threading.Timer(after, _cancel, [driver]).start()
            with suppress(psycopg2.Error):
                driver.cursor().execute("select pg_sleep(5)")
            driver.rollback()
            time.sleep(LONG)

        for step in range(20):
            _is_interrupted(partial(work, 0.01 + step / 5000))
            driver.rollback()
    connections.dispose()
    assert capfd.readouterr().err == ""


def _cancel(driver: psycopg2.extensions.connection) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    driver.cancel()


def test_what_is_held_together_is_done_before_the_work_ends():
    done = []

    def work() -> None:
        with ending_gently() as interruption, interruption.held():
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]


def test_the_end_of_the_work_is_not_interrupted_by_an_alarm_that_comes_late():
    done = []

    def work() -> None:
        with ending_gently() as interruption:
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                interruption.try_again()
                time.sleep(5 * SOON)
                done.append("cleaned")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["cleaned"]


def test_what_the_caller_lets_a_command_ignore_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_gently():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_failure_after_the_signal_is_the_end_that_was_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("geo_hygiene.database.is_between_statements", lambda: False)

    def work() -> None:
        signal.raise_signal(signal.SIGINT)
        raise ValueError

    _is_interrupted(work)


def test_other_failures_stay_what_they_are():
    with pytest.raises(ValueError, match="other"), ending_gently():
        raise ValueError("other")


def _is_interrupted(work: Callable[[], None]) -> None:
    with pytest.raises(KeyboardInterrupt), ending_gently():
        work()
