"""What a test may turn: the clock, faults, credentials; and what it may look at: the requests."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from simulator.faults import Faults
from simulator.world import ANCHOR, Moment


@dataclass
class Control:
    """Settings of a running simulator; all may be changed while it runs."""

    now: Moment = ANCHOR  # a date means 12:00 UTC
    client_id: str = "simulated-client.apps.googleusercontent.com"
    client_secret: str = "simulated-client-secret"
    refresh_token: str = "1//simulated-refresh-token"
    access_token: str = "EAAsimulatedAccessToken"
    app_secret: str = "simulated-app-secret"
    require_proof: bool = False  # Meta: refuse calls without appsecret_proof
    page_size: int = 10_000  # Google: rows a page and rows a batch
    page_token_seconds: float = 3600
    indent: bool = True  # Google: answers over many lines, as the platform sends them
    faults: Faults = field(default_factory=Faults)
    requests: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def today(self) -> date:
        """The day in UTC."""
        if isinstance(self.now, datetime):
            return self.now.astimezone(UTC).date()
        return self.now

    @today.setter
    def today(self, day: date) -> None:
        self.now = day

    def record(self, entry: dict[str, Any]) -> None:
        """Note a request."""
        with self._lock:
            self.requests.append(entry)

    def apply(self, change: dict[str, Any]) -> None:
        """Changes as JSON: now or today, fault, faults, clear, clear_log, and any setting by name.

        Raises ValueError for what it does not know.
        """
        for name, value in change.items():
            if name in ("now", "today"):
                text = str(value)
                self.now = (
                    date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
                )
            elif name == "clear" and value:
                self.faults.clear()
            elif name == "clear_log" and value:
                with self._lock:
                    self.requests.clear()
            elif name in ("fault", "faults"):
                for spec in [value] if isinstance(value, str) else value:
                    self.faults.add(spec)
            elif name in SETTINGS:
                setattr(self, name, value)
            elif name not in ("clear", "clear_log"):
                raise ValueError(f"no such setting: {name}")

    def state(self) -> dict[str, Any]:
        """The settings as JSON."""
        state = {name: getattr(self, name) for name in SETTINGS}
        return {**state, "now": self.now.isoformat(), "faults": self.faults.specs()}


SETTINGS = ("client_id", "client_secret", "refresh_token", "access_token", "app_secret",
            "require_proof", "page_size", "page_token_seconds", "indent")  # fmt: skip
