"""A credential that the application itself withdraws, and how it works again."""

from datetime import UTC, datetime, timedelta

import pytest

from local.peers.roundup import Roundup
from local.peers.tryton import Tryton
from switchboard.adapters.connector.engine import Shared
from switchboard.adapters.connector.in_process_tokens import InProcessTokens
from switchboard.adapters.connector.token_store import REFUSED_FOR_S
from switchboard.adapters.rest_crm import RestCrm
from switchboard.errors import CredentialRefused, UpstreamRejected
from tests.peers.our_side import CountingTransport, connected, find

pytestmark = pytest.mark.peer

ADA = "ada@example.com"


class Clock:
    """Real time, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def is_refused(worker: RestCrm, clock: Clock, *, times: int = 3) -> None:
    """So often, and for longer than a gateway takes to restart."""
    for _ in range(times):
        with pytest.raises(UpstreamRejected, match="auth"):
            find(worker, ADA)
        clock.ahead += timedelta(seconds=REFUSED_FOR_S / 2)


def test_a_withdrawn_credential_is_refused_three_times_and_then_left_alone(
    crm: Tryton | Roundup,
) -> None:
    credential = crm.issue_credential()
    network, clock = CountingTransport(), Clock()
    with connected(crm, network, secrets=lambda: credential, wall_clock=clock) as worker:
        assert find(worker, ADA)
        crm.withdraw(credential)
        is_refused(worker, clock)
        sent = network.sent

        with pytest.raises(CredentialRefused) as blocked:
            find(worker, ADA)

    assert network.sent == sent
    # Whoever reads this knows what to do.
    assert f"switchboard connector resume {crm.connector_id}" in str(blocked.value)


def test_what_one_worker_was_refused_another_does_not_try(crm: Tryton | Roundup) -> None:
    credential = crm.issue_credential()
    crm.withdraw(credential)
    together, network, clock = Shared(tokens=InProcessTokens()), CountingTransport(), Clock()
    with connected(crm, secrets=lambda: credential, shared=together, wall_clock=clock) as first:
        is_refused(first, clock)

    with (
        connected(
            crm, network, secrets=lambda: credential, shared=together, wall_clock=clock
        ) as second,
        pytest.raises(CredentialRefused),
    ):
        find(second, ADA)

    assert network.sent == 0


def test_another_credential_in_the_secret_works_at_once(crm: Tryton | Roundup) -> None:
    secret, clock = crm.issue_credential(), Clock()
    with connected(crm, secrets=lambda: secret, wall_clock=clock) as worker:
        crm.withdraw(secret)
        is_refused(worker, clock)

        secret = crm.issue_credential()

        assert find(worker, ADA)


def test_a_person_who_resumes_a_good_credential_is_believed(crm: Tryton | Roundup) -> None:
    credential = crm.issue_credential()
    tokens = InProcessTokens()
    shared, clock = Shared(tokens=tokens), Clock()
    crm.withdraw(credential)
    with connected(crm, secrets=lambda: credential, shared=shared, wall_clock=clock) as worker:
        is_refused(worker, clock)

    assert tokens.unblock(crm.connector_id)

    # Still withdrawn: the application says so itself, and the counting begins anew.
    with connected(crm, secrets=lambda: credential, shared=shared, wall_clock=clock) as worker:
        is_refused(worker, clock, times=1)
    with connected(crm, shared=shared, wall_clock=clock) as worker:
        assert find(worker, ADA)
