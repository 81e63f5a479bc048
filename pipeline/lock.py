"""One writer at a time: a lock on the data folder that names who holds it."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.errors import CampaignsError
from pipeline.settings import Folder


@contextmanager
def writing(folder: Folder, command: str) -> Generator[None]:
    """Hold the data folder while writing to it; refuses at once where another run holds it."""
    with (folder.path / ".lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another run"
            raise CampaignsError(
                f"{holder} is writing to {folder.path}; wait for it to end, then try again"
            ) from None
        lock.truncate(0)
        since = datetime.now(UTC).strftime("%H:%M:%S UTC")
        lock.write(f"campaigns {command} (process {os.getpid()}, since {since})")
        lock.flush()
        yield
