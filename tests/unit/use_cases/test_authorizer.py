"""A key opens its own routes, from its own addresses, until it expires."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.ports import HeaderKey
from switchboard.use_cases.authorizer import Allowed, Denied, authorize, digest_of
from tests.fakes.config import InMemoryKeyStore
from tests.unit.use_cases.people import after

SECRET = "N2Yx-not-a-real-secret"
KEY = f"ecs-1.{SECRET}"


def keys(
    *, sources: tuple[str, ...] = (), routes: tuple[str, ...] = ("/v1/arrivals/",)
) -> InMemoryKeyStore:
    store = InMemoryKeyStore()
    store.put_key(
        HeaderKey("ecs-1", digest_of(SECRET), routes, sources=sources, expires_at=after(60))
    )
    return store


def judge(
    presented: str = KEY,
    *,
    path: str = "/v1/arrivals/lookup",
    source: str = "203.0.113.7",
    store: InMemoryKeyStore | None = None,
    seconds_later: float = 0,
) -> Allowed | Denied:
    return authorize(
        presented, path=path, source=source, keys=store or keys(), now=after(seconds_later)
    )


def test_a_good_key_is_allowed_under_its_id() -> None:
    assert judge() == Allowed("ecs-1")


@pytest.mark.parametrize(
    ("presented", "refusal"),
    [
        ("", "missing_key"),
        ("ecs-1", "unknown_key"),
        ("ecs-1.", "unknown_key"),
        ("ecs-1.wrong", "unknown_key"),
        (f"ecs-1.{SECRET} ", "unknown_key"),
        (f"ecs-1.{SECRET[:-1]}", "unknown_key"),
        (f"ECS-1.{SECRET}", "unknown_key"),
        (f"ecs-2.{SECRET}", "unknown_key"),
        (f".{SECRET}", "unknown_key"),
        (SECRET, "unknown_key"),
        (f"ecs-1.{digest_of(SECRET)}", "unknown_key"),
        (".", "unknown_key"),
    ],
)
def test_a_wrong_key_is_refused(presented: str, refusal: str) -> None:
    assert judge(presented) == Denied(refusal)


@given(st.text(min_size=1))
def test_whatever_is_presented_is_judged(presented: str) -> None:
    assert judge(presented) == Denied("unknown_key")


@given(st.text(min_size=1))
def test_no_other_secret_opens_it(secret: str) -> None:
    assert judge(f"ecs-1.{secret}") == (
        Allowed("ecs-1") if secret == SECRET else Denied("unknown_key")
    )


def test_a_key_that_was_never_given_a_secret_opens_nothing() -> None:
    store = InMemoryKeyStore()
    store.put_key(HeaderKey("ecs-1", "", ("/",)))

    assert judge("ecs-1.", store=store) == Denied("unknown_key")


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(59.9, Allowed("ecs-1")), (60, Denied("expired_key"))]
)
def test_a_key_expires(seconds: float, verdict: Allowed | Denied) -> None:
    assert judge(seconds_later=seconds) == verdict


@pytest.mark.parametrize(
    ("path", "is_allowed"),
    [
        ("/v1/arrivals/lookup", True),
        ("/v1/arrivals/route", True),
        ("/v1/triggers/interaction-ends", False),
        ("/v1/arrivals", False),
        ("/V1/arrivals/lookup", False),
        ("/v2/v1/arrivals/lookup", False),
        ("", False),
    ],
)
def test_a_key_opens_the_paths_that_begin_like_its_routes(path: str, is_allowed: bool) -> None:
    assert judge(path=path) == (Allowed("ecs-1") if is_allowed else Denied("route_not_allowed"))


def test_a_key_without_routes_opens_nothing() -> None:
    assert judge(store=keys(routes=())) == Denied("route_not_allowed")


@pytest.mark.parametrize(
    ("source", "is_allowed"),
    [
        ("203.0.113.7", True),
        ("203.0.113.255", True),
        ("203.0.114.7", False),
        ("198.51.100.9", True),
        ("198.51.100.10", False),
        ("2001:db8:1::7", True),
        ("2001:0DB8:0001:0:0::7", True),
        ("2001:db8:2::7", False),
        ("::ffff:203.0.113.7", False),
        ("", False),
        ("unknown", False),
        ("203.0.113.7, 198.51.100.9", False),
    ],
)
def test_a_key_may_be_bound_to_networks(source: str, is_allowed: bool) -> None:
    bound = keys(sources=("203.0.113.0/24", "198.51.100.9", "2001:db8:1::/48"))

    verdict = judge(source=source, store=bound)

    assert verdict == (Allowed("ecs-1") if is_allowed else Denied("source_not_allowed"))


def test_while_keys_cannot_be_read_nobody_is_called_unknown() -> None:
    store = keys()
    store.is_down = True

    assert judge(store=store) == Denied("keys_unavailable")
    assert judge("", store=store) == Denied("missing_key")


def test_a_key_never_prints_its_digest() -> None:
    assert digest_of(SECRET) not in repr(keys().find("ecs-1"))
    assert SECRET not in digest_of(SECRET)
