"""What reaches us on arrival, as ECS may send it and as it never should; by number and seed."""

import json
import random
from dataclasses import dataclass, field
from typing import Any, Final

from bench.hostile_crm import known_numbers
from tests.events import Event, http_event

LOOKUP, ROUTE = "/v1/arrivals/lookup", "/v1/arrivals/route"
SHORTEST_MS: Final = 100
LONGEST_MS: Final = 8_000
_NEVER_LISTED: Final = "909"
_WRITINGS: Final = (
    "+1{n}",
    "{n}",
    "1{n}",
    "+1 ({n[0]}{n[1]}{n[2]}) {n[3]}{n[4]}{n[5]}-{n[6]}{n[7]}{n[8]}{n[9]}",
    "sip:+1{n}@pbx.example.com;user=phone",
    "tel:+1-{n}",
    '"A. Caller" <sip:{n}@10.0.0.1>',
    "0011{n}",
    "  +1{n}\u200f ",
    "c{n}@example.com",
    "C{n}@EXAMPLE.COM",
    "mailto:c{n}@example.com",
)
_NO_CONTACTS: Final[tuple[Any, ...]] = (
    "",
    "anonymous",
    "Restricted",
    "N/A",
    "null",
    "+266696687",
    "!?",
    "911",
    "2001",
    "+" * 300,
    "+1" * 5_000,
    "0" * 60,
    "\u0661\u0662\u0663",
    "\u202e\u0000\ud800",
    "sip:%zz@[::1",
    "tel:;ext=;;",
    "a@b@c@d",
    "@" * 2_000,
    "x@" + "y." * 130 + "com",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "${jndi:ldap://x}",
    "\n\r\n",
    "💣" * 500,
    None,
    True,
    7,
    1.5,
    10**300,
    ["+14155550100"],
    {"number": "+14155550100"},
    "x" * 10_001,
)
_NO_BODIES: Final = (
    "",
    "{",
    "[1]",
    '"text"',
    '{"contact": NaN}',
    '{"contact": "+1415555',
    '{"a":' * 20_000,
    "neither json nor form",
    "a=1&b",
    "&&&",
    "\u0000",
    "{}" + " " * (256 * 1024),
    json.dumps({f"p{n}": "x" for n in range(300)}),
    json.dumps({f"p{n}": "x" * 5_000 for n in range(30)}),
)
_BUDGETS: Final = ("400",) * 14 + ("", "", "250", "100", "1", "-5", "soon", "1e3", "٤٠٠", "700")


@dataclass(frozen=True)
class Arriving:
    """One request, how long its answer may take, and the people that it may be about."""

    event: Event = field(repr=False)
    path: str
    budget_ms: int
    people: frozenset[str] = field(repr=False)

    @property
    def is_route(self) -> bool:
        return self.path == ROUTE


def arriving(number: int, *, seed: int, default_ms: int) -> Arriving:
    """The one of that number; the same with every run of the seed."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - to be repeated, not to be secret
    path = LOOKUP if chance.random() < 0.6 else ROUTE
    if chance.random() < 0.07:
        return Arriving(_broken(chance, path), path, default_ms, frozenset())
    fields, people = _fields(chance, number)
    budget_ms = fields.get("budget_ms", "")
    event = _sent(chance, path, fields)
    return Arriving(_authorized(event), path, read_budget(budget_ms, default_ms), people)


def one_caller(nsn: str, number: int, *, budget_ms: int) -> Arriving:
    """Somebody calls, and everything is as it should be."""
    fields = {
        "interaction_id": f"bench-quiet-{number}",
        "contact": f"+1{nsn}",
        "budget_ms": str(budget_ms),
    }
    event = _authorized(http_event("POST", LOOKUP, body=json.dumps(fields)))
    return Arriving(event, LOOKUP, budget_ms, frozenset({nsn}))


def read_budget(said: str, default_ms: int) -> int:
    """What may be asked for: whole milliseconds, within limits; nonsense is not asked for."""
    if not said.isascii() or not said.isdecimal():
        return default_ms
    return min(max(int(said), SHORTEST_MS), LONGEST_MS)


def _fields(chance: random.Random, number: int) -> tuple[dict[str, Any], frozenset[str]]:
    contact, people = _contact(chance)
    fields: dict[str, Any] = {
        "contact": contact,
        "budget_ms": chance.choice(_BUDGETS),
        "channel": chance.choice(["voice", "Telephony", "email", "carrier pigeon", ""]),
        "interaction_id": chance.choice(
            [f"bench-{number}", f"bench-{number}", "", "with space", "ü", "x" * 200]
        ),
        "business_process": chance.choice(["", "Collections", "\u0000", "x" * 3_000]),
        "dialed_number": chance.choice(["", "+18005550100", "not a number", "+441632960000"]),
    }
    if chance.random() < 0.1:
        nsn = chance.choice(known_numbers())
        fields["account_number"] = chance.choice([nsn, f"C-{nsn}", f"{nsn}#", "*", "9" * 400])
        people |= {nsn}
    if chance.random() < 0.1:
        fields["customer_id"] = chance.choice(
            ["crm:C-1", f"crm:C-{chance.choice(known_numbers())}", ":", "x" * 500]
        )
    if chance.random() < 0.05:
        fields |= {f"of tomorrow {n}": "x" for n in range(chance.randrange(150))}
    return fields, people


def _contact(chance: random.Random) -> tuple[Any, frozenset[str]]:
    kind = chance.random()
    if kind < 0.25:
        return chance.choice(_NO_CONTACTS), frozenset()
    if kind < 0.32:
        return _noise(chance), frozenset()
    nsn = chance.choice(known_numbers())
    if kind > 0.8:
        nsn = f"{_NEVER_LISTED}5550{chance.randrange(100, 200)}"
    return chance.choice(_WRITINGS).format(n=nsn), frozenset({nsn})


def _noise(chance: random.Random) -> str:
    ranges = [(0x20, 0x7F), (0x2B, 0x3A), (0, 0x250), (0x600, 0x700), (0x1F300, 0x1F600)]
    first, last = chance.choice(ranges)
    return "".join(chr(chance.randrange(first, last)) for _ in range(chance.randrange(40)))


def _sent(chance: random.Random, path: str, fields: dict[str, Any]) -> Event:
    """In one of the ways that ECS has."""
    way = chance.random()
    flat = all(isinstance(value, str) for value in fields.values())
    is_short = sum(len(str(value)) for value in fields.values()) < 4_000
    if way < 0.1 and flat and is_short:
        return _get(path, fields)
    body = json.dumps(fields)
    return http_event("POST", path, body=body, in_base64=way > 0.9)


def _get(path: str, fields: dict[str, str]) -> Event:
    query = {name: value.encode(errors="replace").decode() for name, value in fields.items()}
    return http_event("GET", path, query=query)


def _broken(chance: random.Random, path: str) -> Event:
    if chance.random() < 0.2:
        event = http_event("POST", path, body=chance.randbytes(60), in_base64=True)
        if chance.random() < 0.5:
            event["body"] = "%%% no base64 %%%"
        return _authorized(event)
    return _authorized(http_event("POST", path, body=chance.choice(_NO_BODIES)))


def _authorized(event: Event) -> Event:
    event["requestContext"]["authorizer"] = {"lambda": {"key_id": "bench", "refusal": ""}}
    return event
