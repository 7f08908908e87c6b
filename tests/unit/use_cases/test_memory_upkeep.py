"""What changes in the CRM, by its own word or by ours, is not remembered otherwise."""

from datetime import datetime, timedelta

import pytest

from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber
from switchboard.domain.posting import PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.signals import ChangeSignal
from switchboard.errors import StateUnavailable, UpstreamRejected
from switchboard.ports import LookupMemory, Recalled
from switchboard.use_cases.memory_upkeep import forget_changes
from tests.fakes.lookups import InMemoryLookupMemory
from tests.unit.use_cases.people import ADA, MOBILE, NOW
from tests.unit.use_cases.posting_world import World

LATER = NOW + timedelta(seconds=5)
ADDRESS = EmailAddress("ada@example.com")


def remembering() -> InMemoryLookupMemory:
    memory = InMemoryLookupMemory()
    for identity in (MOBILE, ADDRESS):
        memory.remember("sandbox", identity, (ADA,), asked_at=NOW, fresh_s=600, keep_s=3600)
    return memory


def recall(memory: LookupMemory, identity: PhoneNumber | EmailAddress = MOBILE) -> Recalled:
    return memory.recall("sandbox", identity, now=LATER, lease_s=1)


def hear(
    memory: LookupMemory,
    *changes: ChangeSignal,
    connector: str = "sandbox",
    deadline: Deadline | None = None,
) -> None:
    forget_changes(
        changes,
        connector=connector,
        default_region="US",
        memory=memory,
        now=LATER,
        deadline=deadline or Deadline.after(5),
    )


def test_a_customer_that_changed_is_forgotten_whatever_it_was_found_by() -> None:
    memory = remembering()

    hear(memory, ChangeSignal(customer_id="C-1"))

    assert recall(memory).remembered is None
    assert recall(memory, ADDRESS).remembered is None


def test_who_has_a_number_now_is_asked_again() -> None:
    memory = InMemoryLookupMemory()
    memory.remember("sandbox", MOBILE, (), asked_at=NOW, fresh_s=600, keep_s=3600)

    hear(memory, ChangeSignal(contacts=("(415) 555-0142", "not a number")))

    assert recall(memory).is_ours


def test_another_connectors_customer_of_the_same_id_is_not_meant() -> None:
    memory = remembering()

    hear(memory, ChangeSignal("C-1"), connector="other")

    assert recall(memory).remembered is not None


def test_a_change_that_could_not_be_forgotten_is_to_be_told_again() -> None:
    memory = remembering()
    memory.is_down = True

    with pytest.raises(StateUnavailable):
        hear(memory, ChangeSignal(customer_id="C-1"))


class SlowMemory(InMemoryLookupMemory):
    """Each call takes two seconds, by `seconds`; `calls` says what was forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.calls: list[str] = []

    def forget(self, connector: str, identity: Identity, *, now: datetime) -> None:
        self._take_time(identity.canonical)
        super().forget(connector, identity, now=now)

    def forget_customer(self, customer_key: str, *, now: datetime) -> None:
        self._take_time(customer_key)
        super().forget_customer(customer_key, now=now)

    def _take_time(self, call: str) -> None:
        self.seconds += 2
        self.calls.append(call)


def test_what_many_events_say_is_forgotten_once() -> None:
    memory = SlowMemory()
    changes = [ChangeSignal("C-1", ("(415) 555-0142", "ada@example.com")), ChangeSignal("C-1")]

    hear(memory, *changes, ChangeSignal("C-2", ("(415) 555-0142",)), *changes)

    assert memory.calls == ["sandbox:C-1", "sandbox:C-2", "+14155550142", "ada@example.com"]


def test_forgetting_ends_when_the_time_is_up_and_is_to_be_told_again() -> None:
    memory = SlowMemory()
    deadline = Deadline.after(5, lambda: memory.seconds)

    with pytest.raises(StateUnavailable):
        hear(memory, *(ChangeSignal(f"C-{number}") for number in range(100)), deadline=deadline)

    assert len(memory.calls) == 3


def test_what_was_posted_is_renewed_with_the_next_lookup_and_bridges_an_outage_still() -> None:
    world = World()
    world.memory.remember("sandbox", MOBILE, (ADA,), asked_at=NOW, fresh_s=600, keep_s=3600)
    world.end_call()

    world.work()

    recalled = world.memory.recall("sandbox", MOBILE, now=world.clock.now, lease_s=1)
    assert recalled.is_ours
    assert recalled.remembered is not None


@pytest.mark.parametrize("fate", ["written", "lost"])
def test_who_became_a_contact_is_no_longer_nobody(fate: str) -> None:
    world = World(fate, profiles=(PostingProfile("sandbox", unknown_customer="create"),))
    world.crm.customers = ()
    world.memory.remember("sandbox", MOBILE, (), asked_at=NOW, fresh_s=600, keep_s=3600)
    world.end_call()

    world.work()

    recalled = world.memory.recall("sandbox", MOBILE, now=world.clock.now, lease_s=1)
    assert recalled.remembered is None


def test_a_memory_that_is_down_keeps_nothing_from_being_posted() -> None:
    world = World()
    world.memory.is_down = True
    world.end_call()

    world.work()

    assert world.posting.state is PostingState.DONE


@pytest.mark.parametrize("needs_customer", [True, False])
def test_a_refused_lookup_parks_only_what_needs_a_customer(
    needs_customer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> tuple[()]:
        raise UpstreamRejected("sandbox", "invalid number")

    world = World()
    monkeypatch.setattr(world.crm, "find", refuse)
    world.crm.needs_customer = needs_customer
    world.end_call()

    world.work()

    expected = PostingState.PARKED if needs_customer else PostingState.DONE
    assert world.posting.state is expected
