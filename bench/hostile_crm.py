"""A CRM that does everything wrong that a server can do, and sometimes answers.

It knows 1,000 people. Everything in a person's record tells whose it is, so that whatever reaches
a caller can be traced to somebody. How it misbehaves follows from the seed, from what is asked
and from how often it was asked before.
"""

import gzip
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.unit.connector.hostile_server import LAST, Visit, http

AREAS: Final = ("212", "213", "312", "404", "415", "503", "512", "602", "617", "702")
# Nobody misbehaves towards these; answering takes a moment.
QUIET_AREA: Final = "907"
QUIET_LATENCY_S: Final = 0.8
_SLOWLY_S: Final = 0.05
_DRIPS_FOR_S: Final = 4.0
_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + LAST.encode() + b"\r\n"
_EVIL_TEXTS: Final = (
    "\u202eRobert'); DROP TABLE customers;--",
    "<script>alert(1)</script>",
    "\x00\x07\x1b[2J",
    "\ud800",
    "z\u0335\u0321\u0341" * 200,
    "🏴‍☠️" * 300,
    "line\nbreak\tand\r\nmore",
    "${secret.client_secret} {{7*7}} %s %n",
    "x" * 70_000,
)


def person(nsn: str) -> dict[str, Any]:
    """The record of whoever has this number. No other record says any of these words."""
    return {
        "id": f"C-{nsn}",
        "name": f"Person {nsn}",
        "company": f"Company {nsn}",
        "phone": f"+1{nsn}",
        "mobile": None,
        "email": f"c{nsn}@example.com",
        "tier": f"tier-{nsn}",
        "balance_due": "12.50",
        "days_past_due": int(nsn[-2:]),
        "language": f"lang-{nsn}",
        "open_complaint": False,
        "products": [f"Product {nsn}"],
        "time_zone": "America/New_York",
        "owner_extension": "2001",
        "status": "active",
    }


def known_numbers() -> list[str]:
    """National numbers, all of them fictional."""
    return [f"{area}55501{line:02d}" for area in AREAS for line in range(100)]


def somebody_else(nsn: str) -> str:
    return f"{AREAS[(int(nsn[-1]) + 1) % len(AREAS)]}55501{(int(nsn[-2:]) + 37) % 100:02d}"


@dataclass(frozen=True)
class Asked:
    """Who was asked for: the number of the person, whether there is one, and in which CRM."""

    nsn: str
    is_known: bool
    crm: str = ""

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [person(self.nsn)] if self.is_known else []


Answer = Callable[[Visit, Asked, random.Random], None]


def _found(rows: Sequence[Any], **more: Any) -> bytes:
    return json.dumps({"customers": rows, "next": None, **more}).encode()


def _ok(body: bytes, headers: str = "") -> bytes:
    return http(body, headers=headers + LAST)


def _says(make: Callable[[Asked, random.Random], bytes]) -> Answer:
    return lambda visit, asked, chance: visit.send(make(asked, chance))


def _rows(make: Callable[[Asked, random.Random], Sequence[Any]]) -> Answer:
    return _says(lambda asked, chance: _ok(_found(make(asked, chance))))


def _fails(status: str, headers: str = "") -> Answer:
    return _says(lambda *_: http(b'{"error": "no"}', status=status, headers=headers + LAST))


def _hang(visit: Visit, *_: Any) -> None:
    visit.hang()


def _hang_after_head(visit: Visit, *_: Any) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    visit.hang()


def _dripped(visit: Visit, data: bytes) -> None:
    """A byte at a time, which any timeout between two bytes bears."""
    ends_at = time.monotonic() + _DRIPS_FOR_S
    for position in range(len(data)):
        if time.monotonic() > ends_at:
            return
        visit.drip(data[position : position + 1], every_s=_SLOWLY_S)


def _drip(visit: Visit, asked: Asked, _: random.Random) -> None:
    _dripped(visit, _ok(_found(asked.rows)))


def _drip_body(visit: Visit, asked: Asked, _: random.Random) -> None:
    head, body = _ok(_found(asked.rows)).split(b"\r\n\r\n", 1)
    visit.send(head + b"\r\n\r\n")
    _dripped(visit, body)


def _endless_headers(visit: Visit, *_: Any) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        visit.send(b"X-%d: %s\r\n" % (number, b"y" * 500))


def _reset(visit: Visit, *_: Any) -> None:
    visit.reset()


def _reset_half_way(visit: Visit, asked: Asked, _: random.Random) -> None:
    answer = _ok(_found(asked.rows))
    visit.send(answer[: len(answer) // 2])
    visit.reset()


def _close(_visit: Visit, *_: Any) -> None:
    """Not a byte."""


def _truncated(asked: Asked, _: random.Random) -> bytes:
    answer = _ok(_found(asked.rows))
    return answer[: len(answer) - 20]


def _late(visit: Visit, asked: Asked, chance: random.Random) -> None:
    visit.closing.wait(chance.uniform(0.05, 0.6))
    visit.send(_ok(_found(asked.rows)))


def _everybody(asked: Asked, chance: random.Random) -> list[Any]:
    crowd = [person(nsn) for nsn in chance.sample(known_numbers(), 50) if nsn != asked.nsn]
    return [*crowd, *asked.rows]


def _wrong_types(asked: Asked, chance: random.Random) -> list[Any]:
    row = person(asked.nsn)
    for name in chance.sample(sorted(row.keys() - {"id"}), 5):
        row[name] = chance.choice(
            [None, True, 7, 1e308, -0.0, [], {}, [[]], {"a": {"b": 1}}, ["x"] * 1000, "", "NaN"]
        )
    return [row]


def _odd_rows(_: Asked, chance: random.Random) -> list[Any]:
    return chance.choice(
        [[None], ["C-1"], [[[]]], [{}], [{"id": None}], [{"id": ["a"]}], [7], [{}] * 3]
    )


def _evil_texts(asked: Asked, chance: random.Random) -> list[Any]:
    """Hers, and unreadable all the same; her own words stay at the beginning."""
    row = person(asked.nsn)
    for name in ("name", "tier", "language", "company"):
        row[name] = f"{row[name]} {chance.choice(_EVIL_TEXTS)}"
    return [row]


def _two_with_one_number(asked: Asked, _: random.Random) -> list[Any]:
    row = person(asked.nsn)
    return [row, {**row, "id": f"C-{asked.nsn}-b"}, row]


def _odd_documents(_: Asked, chance: random.Random) -> bytes:
    return _ok(
        chance.choice(
            [
                b"<html>We will be back soon</html>",
                b"",
                b"null",
                b"[]",
                b'"customers"',
                b'{"customers": {"id": 1}}',
                b'{"customers": NaN}',
                b'{"customers": null}',
                b'{"error": "it did not work", "status": 500}',
                b'{"customers": [' + b"[" * 50_000,
                b'{"customers": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_001,
                b"\xff\xfe\x00",
                b'{"customers": [' + b"9" * 100_000 + b"]}",
            ]
        )
    )


def _huge_list(asked: Asked, _: random.Random) -> list[Any]:
    return [person(somebody_else(asked.nsn))] * 4_000 + asked.rows


def _too_much(visit: Visit, *_: Any) -> None:
    visit.send(_CHUNKED)
    for _n in range(400):
        visit.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")


@cache
def _bomb() -> bytes:
    packed = gzip.compress(b'{"customers": [' + b" " * 60_000_000 + b"]}", 9)
    return _ok(packed, "Content-Encoding: gzip\r\n")


def _bad_coding(asked: Asked, chance: random.Random) -> bytes:
    packed = gzip.compress(_found(asked.rows))
    return chance.choice(
        [
            _ok(packed[:-10], "Content-Encoding: gzip\r\n"),
            _ok(_found(asked.rows), "Content-Encoding: gzip\r\n"),
            _ok(packed, "Content-Encoding: br\r\n"),
            _ok(_found(asked.rows).decode().encode("utf-16")),
        ]
    )


def _bad_chunks(_: Asked, chance: random.Random) -> bytes:
    return _CHUNKED + chance.choice(
        [b"-5\r\nhello\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n{}", b'{"customers": []}', b"zz\r\n"]
    )


def _bad_status(asked: Asked, chance: random.Random) -> bytes:
    body = _found(asked.rows)
    return chance.choice(
        [
            b"HTTP/1.1 999 Sure\r\nConnection: close\r\n\r\n" + body,
            b"HTTP/1.1 -1 No\r\n\r\n",
            b"HTTP/9.9 200 OK\r\nConnection: close\r\n\r\n" + body,
            b"ICY 200 OK\r\n\r\n" + body,
            b"SSH-2.0-OpenSSH_9.6\r\n",
            http(body, status="204 No Content", headers=LAST),
            http(body, status="206 Partial Content", headers=LAST),
            b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + body,
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + body,
        ]
    )


def _redirect(asked: Asked, _: random.Random) -> bytes:
    where = f"/api/customers?phone={somebody_else(asked.nsn)}"
    return http(b"", status="302 Found", headers=f"Location: {where}\r\n{LAST}")


BEHAVIOURS: Final[Mapping[str, tuple[int, Answer]]] = {
    "answers": (34, _rows(lambda asked, _: asked.rows)),
    "answers late": (5, _late),
    "hangs": (6, _hang),
    "hangs after its head": (2, _hang_after_head),
    "drips": (4, _drip),
    "drips its body": (4, _drip_body),
    "sends headers without end": (1, _endless_headers),
    "fails with 500": (3, _fails("500 Internal Server Error")),
    "fails with 503": (2, _fails("503 Service Unavailable")),
    "refuses with 403": (1, _fails("403 Forbidden")),
    "says there is no such thing": (1, _fails("404 Not Found")),
    "resets": (3, _reset),
    "resets half way": (2, _reset_half_way),
    "closes without a word": (2, _close),
    "stops short": (2, _says(_truncated)),
    "returns everybody": (4, _rows(_everybody)),
    "returns somebody else": (6, _rows(lambda asked, _: [person(somebody_else(asked.nsn))])),
    "returns wrong types": (4, _rows(_wrong_types)),
    "returns rows that are none": (2, _rows(_odd_rows)),
    "returns hostile texts": (3, _rows(_evil_texts)),
    "returns two with one number": (2, _rows(_two_with_one_number)),
    "answers 200 and nonsense": (4, _says(_odd_documents)),
    "returns a huge list": (1, _rows(_huge_list)),
    "sends without end": (1, _too_much),
    "sends a gzip bomb": (1, _says(lambda *_: _bomb())),
    "lies about its coding": (2, _says(_bad_coding)),
    "sends chunks that are none": (2, _says(_bad_chunks)),
    "lies about its status": (3, _says(_bad_status)),
    "redirects to somebody else": (1, _says(_redirect)),
}


@dataclass
class HostileCrm:
    """What it did, and how often; give `answer` to a server."""

    seed: int
    _asked: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    by_number: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, visit: Visit) -> None:
        line = visit.request.split(b"\r\n", 1)[0].decode("ascii", errors="replace")
        if "/oauth/token " in line:
            body = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}
            visit.send(_ok(json.dumps(body).encode()))
            return
        asked = _asked_for(line)
        with self._lock:
            self._asked[line] += 1
            self.by_number[f"{asked.crm} {asked.nsn}"] += 1
            chance = random.Random(f"{self.seed} {line} {self._asked[line]}")  # noqa: S311
            name = _chosen(chance, asked)
            self.did[name] += 1
        if asked.nsn.startswith(QUIET_AREA):
            visit.closing.wait(QUIET_LATENCY_S)
        BEHAVIOURS[name][1](visit, asked, chance)


def _chosen(chance: random.Random, asked: Asked) -> str:
    if asked.nsn.startswith(QUIET_AREA):
        return "answers"
    weights = [weight for weight, _ in BEHAVIOURS.values()]
    return chance.choices(list(BEHAVIOURS), weights)[0]


def _asked_for(line: str) -> Asked:
    """Whoever the path asks for, by number, address or account."""
    path = line.split(" ")[1] if line.count(" ") > 1 else ""
    query = parse_qs(urlsplit(path).query)
    said = " ".join(value for values in query.values() for value in values)
    found = re.search(r"\d{10}", said)
    nsn = found[0] if found else "0000000000"
    is_known = nsn.startswith((*AREAS, QUIET_AREA)) and nsn[3:8] == "55501"
    return Asked(nsn, is_known, path.split("/")[1] if is_known else "")
