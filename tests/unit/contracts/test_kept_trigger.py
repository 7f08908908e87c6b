"""A request that was put aside is read again as it was, by this release and by the next."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.contracts.kept_trigger import LARGEST_KEPT, KeptTrigger
from switchboard.domain.interaction import TriggerKind
from switchboard.errors import MalformedRequest

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENT = "zq7canary"


def kept(body: bytes = b"", query: dict[str, str] | None = None) -> KeptTrigger:
    return KeptTrigger.of(
        TriggerKind.INTERACTION_ENDS,
        received_at=NOON,
        request_id="JKJaXmPLvHcESHA01=",
        content_type="application/json",
        query=query or {},
        body=body,
    )


@given(st.binary(), st.dictionaries(st.text(), st.text()))
def test_any_request_is_kept_and_read_again_as_it_was(body: bytes, query: dict[str, str]) -> None:
    sent = kept(body, query)

    again = KeptTrigger.read(sent.put_aside_for("conflict"))

    assert again == sent.model_copy(update={"error": "conflict"})


@given(st.binary() | st.text().map(str.encode))
def test_what_nobody_wrote_is_refused_without_repeating_it(text: bytes) -> None:
    with pytest.raises(MalformedRequest, match=r"^What was put aside cannot be read\.$"):
        KeptTrigger.read(text)


def test_a_body_is_kept_up_to_a_megabyte_and_says_so_when_it_was_longer() -> None:
    most, longer = kept(b"x" * LARGEST_KEPT), kept(b"x" * (LARGEST_KEPT + 1))

    assert (len(most.body), most.is_cut) == (LARGEST_KEPT, False)
    assert (len(longer.body), longer.is_cut) == (LARGEST_KEPT, True)


def test_what_a_later_release_adds_is_passed_over() -> None:
    written = {**json.loads(kept(b"{}").put_aside_for("")), "added": {"later": 1}}

    assert KeptTrigger.read(json.dumps(written).encode()).body == b"{}"


def test_what_another_format_says_is_not_guessed_at() -> None:
    written = {**json.loads(kept().put_aside_for("")), "v": 2}

    with pytest.raises(MalformedRequest):
        KeptTrigger.read(json.dumps(written).encode())


def test_it_prints_nothing_of_what_was_sent() -> None:
    sent = kept(SENT.encode(), {SENT: SENT})

    assert SENT not in repr(sent)
    assert SENT not in str(sent)
    assert SENT not in "".join(sent.about("conflict"))
