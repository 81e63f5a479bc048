"""Faults that can be switched on by name, once, several times, at a rate or for good.

A fault is written `name`, `name:3` (three times), `name:times=always`, `name:rate=0.1`, with any of
`account=ID`, `after=N` (let the first N occasions pass), `platform=google_ads|facebook_ads` and
the options listed in FAULTS, divided by colons.
"""

import threading
from dataclasses import dataclass, field

from simulator.portfolio import ACCOUNTS, uniform

ALWAYS = -1

# name: how often by default, options with their defaults, what happens
FAULTS: dict[str, tuple[int, dict[str, str], str]] = {
    "cut_stream": (1, {"share": "0.5"}, "Google: searchStream breaks off in the middle of a row"),
    "error_on_stream": (1, {}, "Google: searchStream answers 500, wrapped in an array"),
    "error_mid_stream": (1, {}, "Google: an error object follows the first batch, after HTTP 200"),
    "quota_429": (1, {"delay": "1s"}, "Google: 429 with retryDelay in the body"),
    "token_expires": (1, {}, "Google 401, new token needed; Meta 400/190/463"),
    "dead_refresh_token": (ALWAYS, {}, "Google: the token endpoint answers invalid_grant"),
    "server_500": (1, {"status": "500"}, "any call: a 5xx"),
    "page_500": (1, {}, "a 500 in the middle of paging"),
    "page_repeated": (1, {}, "a page comes again instead of the next one"),
    "empty_page_with_next": (1, {}, "a page without rows, but with a next one"),
    "last_page_cursor": (ALWAYS, {}, "Meta: following the last cursor repeats the last page"),
    "expired_page_token": (1, {}, "Google: EXPIRED_PAGE_TOKEN"),
    "reduce_data": (ALWAYS, {"limit": "", "days": ""},
                    "Meta: 500 unless the limit is half the first one asked (or at most limit=, "
                    "or at most days= days are asked)"),
    "throttle_80000": (1, {"minutes": "0.02", "code": "80000"},
                       "Meta: 400, the wait in the usage header"),
    "async_running_100": (1, {"polls": "2"}, "Meta: Job Running at 100 %; reading answers 2601"),
    "async_not_ready": (1, {}, "Meta: reading answers 2601 right after Job Completed"),
    "async_failed": (1, {}, "Meta: Job Failed"),
    "async_skipped": (1, {}, "Meta: Job Skipped"),
    "async_stuck": (1, {}, "Meta: a job stays at 0 %"),
    "async_not_found_33": (1, {}, "Meta: 100/33 for the first look at a job"),
    "forbidden_account": (ALWAYS, {}, "403 for one account"),
    "disabled_account": (ALWAYS, {}, "403 for one account: not enabled"),
    "revoked": (ALWAYS, {}, "access was taken back: Google 401, Meta 400/190/460"),
    "retired_version": (ALWAYS, {}, "this version of the API is gone"),
    "unknown_enum": (ALWAYS, {}, "a kind of campaign that nobody knows yet"),
    "new_field": (ALWAYS, {}, "fields that nobody asked for"),
    "missing_field": (ALWAYS, {"field": ""}, "the cost is missing (or the field named)"),
    "new_action_type": (ALWAYS, {}, "Meta: an action type that nobody knows yet"),
    "evil_next": (1, {"host": "graph.facebook.invalid"}, "Meta: next names another host"),
    "slow": (1, {"seconds": "0.3"}, "the answer takes a while"),
}  # fmt: skip
ONE_ACCOUNT = ("forbidden_account", "disabled_account")
VICTIMS = (ACCOUNTS[1].id, ACCOUNTS[5].id)  # whom they strike when no account is named


@dataclass
class Fault:
    """A fault that is switched on; `left` counts down to 0, ALWAYS stays."""

    name: str
    left: int
    rate: float = 1.0
    after: int = 0
    account: str = ""
    platform: str = ""
    options: dict[str, str] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0
    memory: dict[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, spec: str) -> "Fault":
        """Read `name:3:account=1:…`; raises ValueError with the names that exist."""
        name, *settings = spec.split(":")
        if name not in FAULTS:
            raise ValueError(f"no such fault: {name}; there are {', '.join(FAULTS)}")
        times, options, _ = FAULTS[name]
        fault = cls(name, times, options=dict(options))
        for setting in settings:
            key, _, value = setting.rpartition("=")
            match key:
                case "" | "times":
                    fault.left = ALWAYS if value == "always" else int(value)
                case "rate":
                    fault.rate = float(value)
                    if fault.left == 1:
                        fault.left = ALWAYS
                case "after":
                    fault.after = int(value)
                case "account" | "platform":
                    setattr(fault, key, value)
                case _ if key in options:
                    fault.options[key] = value
                case _:
                    raise ValueError(f"{name} has no option {key}")
        return fault


class Faults:
    """The faults that are switched on; threads may ask at the same time."""

    def __init__(self) -> None:
        self._on: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, spec: str) -> Fault:
        """Switch a fault on."""
        fault = Fault.parse(spec)
        with self._lock:
            self._on.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._on.clear()

    def specs(self) -> list[dict[str, object]]:
        """What is switched on, how often it may still strike and has struck."""
        with self._lock:
            return [{"name": f.name, "left": f.left, "struck": f.struck} for f in self._on]

    def find(self, name: str, account: str = "", platform: str = "") -> Fault | None:
        """The fault, if it may strike here; nothing is counted."""
        with self._lock:
            return next((f for f in self._on if _fits(f, name, account, platform)), None)

    def take(self, name: str, account: str = "", platform: str = "") -> Fault | None:
        """The fault, if it strikes here and now; each call is an occasion and is counted."""
        with self._lock:
            for fault in self._on:
                if not _fits(fault, name, account, platform):
                    continue
                fault.seen += 1
                if fault.seen <= fault.after:
                    continue
                if uniform("fault", name, fault.seen) >= fault.rate:
                    continue
                fault.struck += 1
                fault.left -= fault.left > 0
                return fault
        return None


def _fits(fault: Fault, name: str, account: str, platform: str) -> bool:
    anyone = fault.account == "" and (name not in ONE_ACCOUNT or account in VICTIMS)
    return (
        fault.name == name
        and fault.left != 0
        and (anyone or fault.account == account)
        and fault.platform in ("", platform)
    )
