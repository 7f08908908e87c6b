"""What a function that is started for callers reads ahead, and what it does not wait for."""

from collections.abc import Iterator, Mapping

import pytest

from switchboard import wiring
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.ports import Published


class Down:
    """Publications in a table that does not answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, kind: str) -> Published | None:
        self.asked.append(kind)
        raise StateUnavailable("the table hangs")


class Secrets:
    """Secrets as they stand somewhere; what is not among them does not exist."""

    def __init__(self, values: Mapping[str, Mapping[str, str]]) -> None:
        self._values = values

    def read(self, name: str) -> Mapping[str, str]:
        if name not in self._values:
            raise Misconfigured(f"the secret {name} does not exist")
        return self._values[name]


@pytest.fixture(autouse=True)
def _started_by_lambda(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    monkeypatch.setattr(wiring, "lookup_stores", lambda: None)
    wiring.forget()
    yield
    wiring.forget()


def with_secrets(monkeypatch: pytest.MonkeyPatch, **values: Mapping[str, str]) -> None:
    named = {name.replace("_", "-"): texts for name, texts in values.items()}
    monkeypatch.setattr(wiring, "_secrets", lambda: Secrets(named))


def test_a_table_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table, went_on = Down(), []
    monkeypatch.setattr(wiring, "publications", lambda: table)
    with_secrets(monkeypatch, desk_link={"key": "k"})

    wiring.prepare_lookups(wiring.ruleset, lambda: went_on.append("and more"))

    assert table.asked == ["connectors"]
    assert went_on == []


def test_a_setting_that_is_wrong_leaves_the_rest_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_published() -> None:
        raise Misconfigured("no connectors were ever published")

    went_on: list[str] = []
    monkeypatch.setattr(wiring, "asked_crms", nothing_published)
    monkeypatch.setattr(wiring, "_secrets_of_asked_crms", nothing_published)
    with_secrets(monkeypatch)

    wiring.prepare_lookups(lambda: went_on.append("and more"))

    assert went_on == ["and more"]


@pytest.mark.parametrize("secret", [{}, {"secret": "abc"}, {"key": ""}], ids=str)
def test_a_desk_link_secret_without_its_key_is_a_setting_to_mend(
    monkeypatch: pytest.MonkeyPatch, secret: Mapping[str, str]
) -> None:
    with_secrets(monkeypatch, desk_link=secret)

    with pytest.raises(Misconfigured, match="desk-link has no value named key"):
        wiring.desk_link_key()


def test_a_function_starts_without_a_key_for_desk_links(monkeypatch: pytest.MonkeyPatch) -> None:
    went_on: list[str] = []
    monkeypatch.setattr(wiring, "asked_crms", lambda: ())
    monkeypatch.setattr(wiring, "_secrets_of_asked_crms", lambda: None)
    with_secrets(monkeypatch, desk_link={"secret": "abc"})

    wiring.prepare_lookups(lambda: went_on.append("and more"))

    assert went_on == ["and more"]
