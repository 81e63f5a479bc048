"""Bearer tokens: one that stays as it is, and one that a refresh token renews."""

import threading
import time
from urllib.parse import urlsplit

import requests

from ingestion.http import TIMEOUT, TRIES, Patience, Refused, Secrets, Unreachable, backoff, why


class FixedToken:
    """A token that cannot be renewed."""

    def __init__(self, value: str) -> None:
        self.value = value

    def get(self, patience: Patience) -> str:  # noqa: ARG002
        """Give the token."""
        return self.value

    def renew(self, used: str, patience: Patience) -> bool:  # noqa: ARG002
        """There is no other."""
        return False


class RefreshedToken:
    """An access token got with a refresh token, shared by all accounts and threads."""

    def __init__(self, url: str, form: dict[str, str], secrets: Secrets) -> None:
        self.url = url
        self.form = form
        self.secrets = secrets
        self.value = ""
        self.until = 0.0
        self.dead: Refused | None = None
        self.lock = threading.Lock()

    def get(self, patience: Patience) -> str:
        """Give the token; a first or an old one is fetched, which may raise a `Problem`."""
        with self.lock:
            if not self.value or time.monotonic() >= self.until:
                self._fetch(patience)
            return self.value

    def renew(self, used: str, patience: Patience) -> bool:
        """Fetch another token, unless another thread has done so already."""
        with self.lock:
            if self.value == used:
                self._fetch(patience)
        return True

    def _fetch(self, patience: Patience) -> None:
        if self.dead is not None:
            raise Refused(str(self.dead))
        for failures in range(1, TRIES + 1):
            try:
                answer = requests.post(
                    self.url, data=self.form, timeout=TIMEOUT, allow_redirects=False
                )
            except requests.exceptions.RequestException as error:
                trouble = f"{urlsplit(self.url).netloc} does not answer ({why(error)})"
            else:
                if answer.ok and self._take(answer):
                    return
                trouble = f"the token URL answers {answer.status_code}: {answer.text[:200]}"
                if 400 <= answer.status_code < 500 and answer.status_code != 429:
                    self.dead = Refused(f"{self.secrets.clean(trouble)}; {DEAD_TOKEN}")
                    raise self.dead
            patience.wait(backoff(failures), self.secrets.clean(trouble))
        raise Unreachable(f"no access token: {self.secrets.clean(trouble)}") from None

    def _take(self, answer: requests.Response) -> bool:
        try:
            fields = answer.json()
            self.value = str(fields["access_token"])
        except (ValueError, KeyError, TypeError):
            return False
        lifetime = float(fields.get("expires_in") or 3600)
        self.until = time.monotonic() + lifetime - min(60.0, lifetime / 10)
        self.secrets.add(self.value)
        return True


DEAD_TOKEN = (
    "invalid_grant means that the refresh token is dead: make a new one; "
    "invalid_client means that the client id or secret is wrong"
)
