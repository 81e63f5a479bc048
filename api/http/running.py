"""Queries in threads: so many at a time, none longer than the limit, none for a client who left."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

import duckdb
from starlette.requests import Request

from api.http.edge import Figures
from api.http.problems import LEFT, Refused

Answer = TypeVar("Answer")
Cursor = duckdb.DuckDBPyConnection
Work = Callable[[Callable[[Cursor], None]], Answer]
AGAIN = 0.05  # an interrupt between two statements is lost, so it is given again


class Stopped(Exception):
    """The query was to stop before it began."""


class Query:
    """A query that may be stopped from another thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cursor: Cursor | None = None
        self._stopped = False

    def on_cursor(self, cursor: Cursor) -> None:
        """Remember what is to be interrupted."""
        with self._lock:
            if self._stopped:
                raise Stopped
            self._cursor = cursor

    def stop(self) -> None:
        """Interrupt what runs, and let nothing else begin."""
        with self._lock:
            self._stopped = True
            if self._cursor is not None:
                self._cursor.interrupt()


class Runner:
    """Runs queries beside each other."""

    def __init__(self, figures: Figures, workers: int, waiting: int, seconds: float) -> None:
        self.figures = figures
        self.seconds = seconds
        self._pool = ThreadPoolExecutor(workers, "query")
        self._most = workers + waiting
        self._free = asyncio.Semaphore(workers)
        self._inside = 0

    async def run(self, request: Request, work: Work[Answer]) -> Answer:
        """Do work in a thread; Refused where it takes too long, waits too long, or is one too many.

        `work` is given a function that it tells its cursor.
        """
        if self._inside >= self._most:
            raise Refused(503, "too many queries; try again", "busy", {"Retry-After": "1"})
        self._inside += 1
        try:
            async with asyncio.timeout(self.seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Refused(
                503, "no query ended in time; try again", "busy", {"Retry-After": "1"}
            ) from None
        finally:
            self._inside -= 1
        self._inside += 1
        try:
            return await self._watched(request, work)
        finally:
            self._inside -= 1
            self._free.release()

    def close(self) -> None:
        """Wait for what runs and end the threads."""
        self._pool.shutdown(cancel_futures=True)

    async def _watched(self, request: Request, work: Work[Answer]) -> Answer:
        query = Query()
        running = asyncio.get_running_loop().run_in_executor(self._pool, work, query.on_cursor)
        leaving = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait(
                {running, leaving}, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if running.done():
                return running.result()
            why = "left" if leaving.done() else "time"
        except asyncio.CancelledError:
            why = "left"
        finally:
            leaving.cancel()
        self.figures.stopped.labels(why).inc()
        while not running.done():
            query.stop()
            await asyncio.wait({running}, timeout=AGAIN)
        running.exception()
        if why == "left":
            raise Refused(LEFT, "the client left", "client_left")
        raise Refused(
            504,
            f"the query took more than {self.seconds:g} seconds and was stopped; "
            "ask for fewer days or dimensions",
            "time_limit",
        )


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
