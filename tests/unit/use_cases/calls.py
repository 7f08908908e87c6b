"""One request to call Ada, and everything around it."""

from datetime import timedelta

from switchboard.domain.outbound import ContactPolicy, OutboundRequest
from switchboard.use_cases.outbound_dialing import dial
from tests.fakes.contact_centre import InMemoryContactCentre
from tests.fakes.outbound import InMemoryOutboundStore
from tests.fakes.queue import InMemoryWorkQueue
from tests.unit.use_cases.people import MOBILE, NOW, after

POLICY = ContactPolicy(
    opens_minute=0,
    closes_minute=1440,
    weekdays=frozenset(range(7)),
    max_attempts_per_day=2,
    zones_by_region={"US": ("America/New_York",)},
)
REQUEST = OutboundRequest(
    id="out-1",
    source="api:app",
    number=MOBILE,
    business_process="Care",
    not_after=NOW + timedelta(hours=4),
    request_id="r-1",
)


class Calls:
    """`dial` is one worker taking the pointer to ``out-1``."""

    def __init__(self) -> None:
        self.store, self.queue = InMemoryOutboundStore(), InMemoryWorkQueue()
        self.centre = InMemoryContactCentre()

    def dial(
        self, *, seconds_later: float = 0, policy: ContactPolicy = POLICY, request_id: str = "out-1"
    ) -> OutboundRequest | None:
        return dial(
            request_id,
            policy=policy,
            centre=self.centre,
            store=self.store,
            now=after(seconds_later),
        )

    @property
    def stored(self) -> OutboundRequest:
        request = self.store.read("out-1")
        assert request is not None
        return request
