"""Which requests a sheet shows: everything that may be the case when ECS calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from cli.handover import people
from cli.handover.methods import Method
from cli.handover.stage import Kind, Stage
from switchboard.contracts.answers import LookupAnswer
from switchboard.domain.account import read_account
from switchboard.edges.ecs_request import LONGEST_VALUE, MOST_TEXT

_STARTED_AT: Final = "2026-01-05T10:00:00Z"
_MAYA: Final = {"agent_name": "Maya Lindqvist", "agent_extension": "2001"}
_JONAS: Final = {"agent_name": "Jonas Abara", "agent_extension": "2002"}
_KNOWN_AT_START: Final = frozenset(
    {
        "interaction_id",
        "occurred_at",
        "channel",
        "direction",
        "contact",
        "dialed_number",
        "business_process",
        "started_at",
        "customer_id",
        "request_id",
    }
)
State = Literal[
    "as usual", "CRM down", "CRM down, asked before", "nothing published", "tables down"
]
Key = Literal["good", "none", "wrong", "elsewhere"]


@dataclass(frozen=True)
class Situation:
    """A request, and what is the case when it comes.

    `sends` travels as `by` says; `body` is sent instead where it is no object at all. What was
    asked `before` makes the situation, and is not shown. What the answer rests on is found by
    `kind`: without a CRM that can, there is no such situation.
    """

    name: str
    sends: Mapping[str, str] = field(default_factory=dict)
    state: State = "as usual"
    key: Key = "good"
    verb: str = "POST"
    by: Literal["json", "form", "query"] = "json"
    body: str | None = None
    before: tuple[Mapping[str, str], ...] = ()
    event: str = ""
    kind: Kind | None = None

    def path(self, method: Method) -> str:
        """The method's, unless the URL is what is wrong."""
        return f"{method.path.rpartition('/')[0]}/{self.event}" if self.event else method.path


def situations(method: Method, stage: Stage) -> tuple[Situation, ...]:
    every = _of_trigger(method, stage) if method.is_trigger else _of_arrival(method, stage)
    return tuple(one for one in every if one.kind is None or stage.finder(one.kind))


def _of_trigger(method: Method, stage: Stage) -> Iterator[Situation]:
    ends = _end_of_ada(stage)
    yield from _told(method, ends)
    yield from _told_wrong(ends)
    yield from _unguarded(method, ends)


def _of_arrival(method: Method, stage: Stage) -> Iterator[Situation]:
    if method.answers is not LookupAnswer:
        yield Situation("A customer who pays late", _arrival(people.LEO), kind="phone")
    yield from _arrivals(stage)
    yield from _unguarded(method, _arrival(people.ADA))
    yield Situation("Nothing usable is published", _arrival(people.ADA), "nothing published")


def _arrivals(stage: Stage) -> Iterator[Situation]:
    yield Situation("One customer has the number", _arrival(people.ADA), kind="phone")
    yield Situation(
        "One customer has the e-mail address",
        _arrival(people.ADAS_ADDRESS, channel="email"),
        kind="email",
    )
    # Account numbers of another form than the fictional customers' cannot be shown.
    if read_account(people.ADAS_ACCOUNT, pattern=stage.lookup.account_number_pattern):
        yield Situation(
            "The number is withheld, and the flow asked for an account number",
            _arrival("anonymous", account_number=people.ADAS_ACCOUNT),
            kind="account",
        )
    yield Situation("Nobody has the number", _arrival(people.STRANGER), kind="phone")
    yield from _several(stage)
    yield Situation("The caller withholds the number", _arrival("anonymous"))
    yield Situation("A colleague calls from an extension", _arrival("2001"))
    yield Situation("What came as a number is none", _arrival("!?"))
    yield Situation("The body is no JSON object", body='{"contact": ')
    yield Situation(
        "The CRM gives no answer; an earlier one is used",
        _arrival(people.ADA),
        "CRM down, asked before",
        before=(_arrival(people.ADA),),
        kind="phone",
    )
    yield Situation("The CRM gives no answer", _arrival(people.ADA), "CRM down", kind="phone")
    yield Situation("As URL parameters", _arrival(people.ADA), verb="GET", by="query")


def _several(stage: Stage) -> Iterator[Situation]:
    several = _arrival(people.SHARED_BY_TWO)
    yield Situation("Several customers have the number", several, kind="phone")
    chosen = f"{stage.finder('phone')}:{people.SECOND_OF_TWO}"
    yield Situation(
        "The caller chose among several", {**several, "customer_id": chosen}, kind="phone"
    )


def _told(method: Method, ends: Mapping[str, str]) -> Iterator[Situation]:
    started = {k: v for k, v in ends.items() if k in _KNOWN_AT_START}
    told: Mapping[str, Mapping[str, str]] = {
        "interaction-starts": started,
        "internal-transfer": {**started, "business_process": "Collections", **_JONAS},
        "segment-change": {
            **started,
            "segment_state": "Handling",
            "segment_level": "Agent",
            **_MAYA,
        },
    }
    usual = told.get(method.key, ends)
    yield Situation(f"{method.event}, for the first time", usual)
    yield Situation("The same once more", usual, before=(usual,))
    yield Situation("As a form", usual, by="form")


def _told_wrong(ends: Mapping[str, str]) -> Iterator[Situation]:
    yield Situation("The body is no JSON object", body='{"interaction_id": ')
    yield Situation("Nothing says which interaction it is", {"remarks": "Asked about the invoice."})
    yield Situation(
        "The same id, for another channel",
        {**ends, "channel": "email", "contact": people.ADAS_ADDRESS},
        before=(ends,),
    )
    too_long = {"interaction_id": "int-0142", "remarks": "x" * (LONGEST_VALUE + 1)}
    yield Situation("A value is too long", too_long)
    lists = {f"more_{n}": "x" * LONGEST_VALUE for n in range(MOST_TEXT // LONGEST_VALUE + 1)}
    yield Situation("All values together are too long", {"interaction_id": "int-0142", **lists})
    yield Situation("An event that does not exist", ends, event="interaction-paused")
    yield Situation("The tables do not answer", ends, "tables down")


def _unguarded(method: Method, sends: Mapping[str, str]) -> Iterator[Situation]:
    yield Situation("No key is sent", sends, key="none")
    yield Situation("The key is wrong", sends, key="wrong")
    yield Situation("The key is for other routes", sends, key="elsewhere")
    yield Situation("A verb that is not offered", verb="PUT", sends=sends)
    if not method.is_trigger:
        yield Situation("Keys cannot be checked", sends, "tables down")


def _arrival(contact: str, **more: str) -> dict[str, str]:
    asked = {
        "interaction_id": "int-0142",
        "channel": "voice",
        "contact": contact,
        "dialed_number": "+14155550100",
    }
    return {**asked, **more}


def _end_of_ada(stage: Stage) -> dict[str, str]:
    connector = stage.finder("phone") or stage.lookup.connectors[0]
    return {
        "interaction_id": "int-0142",
        "occurred_at": "2026-01-05T10:06:10Z",
        "channel": "voice",
        "direction": "inbound",
        "contact": people.ADA,
        "dialed_number": "+14155550100",
        "business_process": "Customer Care",
        **_MAYA,
        "started_at": _STARTED_AT,
        "ended_at": "2026-01-05T10:06:00Z",
        "duration_s": "0:06:00",
        "queue_s": "25",
        "handle_s": "330",
        "disposition_set": "Service",
        "disposition_category": "Question",
        "disposition_code": "Resolved",
        "remarks": "Asked about the last invoice; all explained.",
        "customer_id": f"{connector}:{people.ADAS_ACCOUNT}",
        "request_id": "JKJaXmPLvHcESHA=",
    }
