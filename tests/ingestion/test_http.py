"""What every platform's calls have in common: secrets, hosts, waits."""

import threading

import pytest

from ingestion import http
from ingestion.http import Answer, Exhausted, Http, Patience, Problem, Secrets, Verdict
from ingestion.tokens import FixedToken


def patience(limit: float = 10, said: list[str] | None = None) -> Patience:
    """Patience that says into a list."""
    lines = said if said is not None else []
    return Patience(limit, lines.append, threading.Event())


def client(url: str = "http://127.0.0.1:9", said: list[str] | None = None) -> Http:
    """A client that nobody answers."""
    secrets = Secrets("the-token")
    return Http(url, FixedToken("the-token"), lambda _: None, secrets, patience(10, said))


def test_secrets_are_taken_out_of_texts() -> None:
    secrets = Secrets("1//tok en", None, "ab")
    assert secrets.clean("a 1//tok en b") == "a *** b"
    assert secrets.clean("x=1%2F%2Ftok%20en&y=1%2F%2Ftok+en") == "x=***&y=***"
    assert secrets.clean("?access_token=EAAB&limit=5") == "?access_token=***&limit=5"
    assert secrets.clean("Authorization: Bearer abc.def") == "Authorization: Bearer ***"
    assert secrets.clean('{"refresh_token": "zzz"}') == '{"refresh_token": "***"}'
    assert secrets.clean("set ACCESS_TOKEN: waiting") == "set ACCESS_TOKEN: waiting"
    assert secrets.clean("cab") == "cab"


def test_links_stay_on_the_host_and_lose_their_token() -> None:
    said: list[str] = []
    own = client("http://127.0.0.1:9", said)
    link = "http://127.0.0.1:9/v26.0/act_1/insights?access_token=t&limit=25&after=MjQ%3D"
    assert own.pinned(link) == "http://127.0.0.1:9/v26.0/act_1/insights?limit=25&after=MjQ%3D"
    assert not said
    assert own.pinned("https://evil.example/x?after=1") == "http://127.0.0.1:9/x?after=1"
    assert "evil.example" in said[0]


def test_waits_are_said_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(http, "pause", lambda seconds, _: slept.append(seconds))
    said: list[str] = []
    one = patience(10, said)
    one.wait(6, "busy")
    assert (slept, said) == ([6], ["busy: waiting 6 s"])
    with pytest.raises(Exhausted, match="max_wait_seconds"):
        one.wait(5, "busy")


def test_nobody_there_is_a_problem_without_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "pause", lambda *_: None)
    with pytest.raises(Problem, match=r"127\.0\.0\.1:9 does not answer") as caught:
        client().call("GET", "v26.0/act_1?access_token=the-token")
    assert "the-token" not in str(caught.value)


def test_a_throttle_waits_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(http, "pause", lambda seconds, _: slept.append(seconds))
    verdicts = iter([Verdict("throttled", "busy", 3.0), Verdict("throttled", "busy"), None])
    own = client()
    monkeypatch.setattr(own, "_send", lambda *_: Answer(200, {}, b"{}"))
    own.judge = lambda _: next(verdicts)
    assert own.call("GET", "x").body == b"{}"
    assert slept[0] == 3.0 and 0 < slept[1] <= 2


def test_backoff_grows_and_stays_bounded() -> None:
    assert 0.37 < http.backoff(1) <= 0.5
    assert 15 <= http.backoff(20) <= 20
