"""A credential that the application itself withdraws, and how it works again."""

import pytest

from local.peers.roundup import Roundup
from local.peers.tryton import Tryton
from switchboard.adapters.connector.engine import Shared
from switchboard.adapters.connector.token_store import InProcessTokens
from switchboard.adapters.rest_crm import RestCrm
from switchboard.errors import CredentialRefused, UpstreamRejected
from tests.peers.our_side import CountingTransport, connected, find

pytestmark = pytest.mark.peer

ADA = "ada@example.com"


def is_refused(worker: RestCrm) -> None:
    with pytest.raises(UpstreamRejected, match="auth"):
        find(worker, ADA)


def test_a_withdrawn_credential_is_refused_three_times_and_then_left_alone(
    crm: Tryton | Roundup,
) -> None:
    credential = crm.issue_credential()
    network = CountingTransport()
    with connected(crm, network, secrets=lambda: credential) as worker:
        assert find(worker, ADA)
        crm.withdraw(credential)
        for _ in range(3):
            is_refused(worker)
        sent = network.sent

        with pytest.raises(CredentialRefused) as blocked:
            find(worker, ADA)

    assert network.sent == sent
    # Whoever reads this knows what to do.
    assert f"switchboard connector resume {crm.connector_id}" in str(blocked.value)


def test_what_one_worker_was_refused_another_does_not_try(crm: Tryton | Roundup) -> None:
    credential = crm.issue_credential()
    crm.withdraw(credential)
    together, network = Shared(tokens=InProcessTokens()), CountingTransport()
    with connected(crm, secrets=lambda: credential, shared=together) as first:
        for _ in range(3):
            is_refused(first)

    with (
        connected(crm, network, secrets=lambda: credential, shared=together) as second,
        pytest.raises(CredentialRefused),
    ):
        find(second, ADA)

    assert network.sent == 0


def test_another_credential_in_the_secret_works_at_once(crm: Tryton | Roundup) -> None:
    secret = crm.issue_credential()
    with connected(crm, secrets=lambda: secret) as worker:
        crm.withdraw(secret)
        for _ in range(3):
            is_refused(worker)

        secret = crm.issue_credential()

        assert find(worker, ADA)


def test_a_person_who_resumes_a_good_credential_is_believed(crm: Tryton | Roundup) -> None:
    credential = crm.issue_credential()
    tokens = InProcessTokens()
    crm.withdraw(credential)
    with connected(crm, secrets=lambda: credential, shared=Shared(tokens=tokens)) as worker:
        for _ in range(3):
            is_refused(worker)

    assert tokens.unblock(crm.connector_id)

    # Still withdrawn: the application says so itself, and the counting begins anew.
    with connected(crm, secrets=lambda: credential, shared=Shared(tokens=tokens)) as worker:
        is_refused(worker)
    with connected(crm, shared=Shared(tokens=tokens)) as worker:
        assert find(worker, ADA)
