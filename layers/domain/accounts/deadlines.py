"""A time limit for a call that waits for others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread


def within[T](seconds: float, call: Callable[[], T]) -> T:
    """The result of ``call``; raises TimeoutError after ``seconds``, or what ``call`` raises.

    Socket timeouts restart with each byte, so a server that sends its headers slowly could block forever. The call runs
    in a thread of its own, which is abandoned when the time is over.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised again in the waiting thread
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result(timeout=seconds)
