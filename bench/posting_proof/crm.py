"""Four CRMs in one process, one per way of telling a repeated write, and all of them faulty.

Whatever a request does is committed to the effect log first; only then is decided what the client
sees. Times are the run's own: a search trails by up to LAG_S, a key is kept for a day, and what
nobody waits for any more is done within IN_FLIGHT_S of its leaving, or never.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from bench.posting_proof.control import SENT_AT, Control
from bench.posting_proof.effects import EffectLog
from bench.posting_proof.faults import Draw, Fault
from bench.posting_proof.wire import Ended, Listener, Visit, whole_answer

SHAPES: Final = ("upsert", "client_id", "header", "search_first")
LAG_S: Final = 10.0
IN_FLIGHT_S: Final = 16.0
_GIVEN_UP_AFTER_S: Final = 9.0  # longer than any client waits
_KEY_KEPT_S: Final = 86_400.0
_REFUSES_FOR_S: Final = 3.0
_REVOKED_FOR_S: Final = 5.0
_HANGS_FOR_S: Final = 60.0
_DRIPS_EVERY_S: Final = 1.0
_ABSURD: Final = ("-1", "soon", "0", "Wed, 21 Oct 1994 07:28:00 GMT", "1e9", "")
_NONSENSE: Final[tuple[Any, ...]] = ({"id": {"a": [1]}}, {"id": None}, [], "ok", {"error": "?"})

Said = tuple[int, Any]


@dataclass
class Told:
    """What happened at one CRM. `conflicts`: writes that only found out that it is there;
    `too_late`: requests that came when nothing may be done about them any more."""

    reads: int = 0
    writes: int = 0
    conflicts: int = 0
    too_late: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass
class Record:
    """One record; a search finds it from `found_at` on."""

    id: str
    body: dict[str, Any]
    found_at: float


class FaultyCrm:
    """One of them, on a port of its own."""

    def __init__(self, shape: str, control: Control, log: EffectLog, draw: Draw) -> None:
        self.shape = shape
        self.told = Told()
        self.late = 0
        self.listener = Listener(self.answer)
        self._control, self._log, self._draw = control, log, draw
        self._records: dict[str, Record] = {}
        self._of_reference: dict[str, list[Record]] = {}
        self._keys: dict[str, tuple[float, Said]] = {}
        self._tokens = 0
        self._valid_from = 1
        self._revoked_until = 0.0
        self._beside: set[asyncio.Task[None]] = set()

    async def answer(self, visit: Visit) -> None:
        if visit.path == "/oauth/token":
            self._tokens += 1
            token = {"access_token": f"token-{self._tokens}", "expires_in": 3600}
            await visit.send(200, {**token, "token_type": "Bearer"})
            return
        is_read = visit.method == "GET"
        if self._control.now() > self._sent_at(visit) + IN_FLIGHT_S:
            # The machine was busy for so long: a promise of the CRM's, not one of the product's.
            self.told.too_late += 1
            visit.reset()
        self.told.reads += is_read
        self.told.writes += not is_read
        reference = _reference_of(visit)
        fault, chance = self._draw.next(self.shape, visit.method, reference)
        if self._control.now() < self._revoked_until:
            fault = Fault.REVOKED
        elif fault is Fault.NONE and self._is_stale(visit):
            fault = Fault.EXPIRED
            self.told.faults[fault] += 1
            await visit.send(401, {"error": "unauthorized"})
            return
        if fault:
            self.told.faults[fault] += 1
        await self._struck(fault, visit, chance)

    def _sent_at(self, visit: Visit) -> float:
        return float(visit.headers.get(SENT_AT.lower(), self._control.now()))

    def _is_stale(self, visit: Visit) -> bool:
        """A token of before; who has none at all is let in, for the designs without tokens."""
        _, _, number = visit.headers.get("authorization", "").partition("Bearer token-")
        return bool(number) and int(number) < self._valid_from

    async def _struck(self, fault: Fault, visit: Visit, chance: Any) -> None:
        if fault is Fault.LATE:
            await self._apply_late(visit, chance)
        elif fault.is_done_first or not fault:
            await self._show(
                fault, visit, self._apply(visit, fault, chance.uniform(0, LAG_S)), chance
            )
        else:
            await self._turn_away(fault, visit, chance)

    async def _turn_away(self, fault: Fault, visit: Visit, chance: Any) -> None:
        """Nothing is done, and the client is told so, or not."""
        match fault:
            case Fault.REFUSED:
                self._begin(self.listener.refuse_for(_REFUSES_FOR_S / self._control.factor))
                visit.reset()
            case Fault.RESET:
                visit.reset()
            case Fault.BROKEN:
                await visit.send(chance.choice((500, 502, 503)), {"error": "broken"})
            case Fault.EXPIRED:
                self._valid_from = self._tokens + 1
                await visit.send(401, {"error": "token expired"})
            case Fault.REVOKED:
                now = self._control.now()
                if now >= self._revoked_until:
                    self._revoked_until = now + _REVOKED_FOR_S
                await visit.send(401, {"error": "token revoked"})
            case Fault.UNKNOWN_FIELD:
                await visit.send(422, {"error": "unknown_field"})
            case _:
                await self._throttle(fault, visit, chance)

    async def _throttle(self, fault: Fault, visit: Visit, chance: Any) -> None:
        now, wait_s = self._control.now(), chance.randint(1, 3)
        match fault:
            case Fault.WAIT_SECONDS:
                await visit.send(429, {}, {"Retry-After": str(wait_s)})
            case Fault.WAIT_DATE:
                at = {"Date": formatdate(now, usegmt=True)}
                await visit.send(
                    429, {}, {**at, "Retry-After": formatdate(now + wait_s, usegmt=True)}
                )
            case Fault.WAIT_BODY:
                await visit.send(429, {"retry_in_s": wait_s})
            case _:
                await visit.send(429, {}, {"Retry-After": chance.choice(_ABSURD)})

    async def _apply_late(self, visit: Visit, chance: Any) -> None:
        sent_at = self._sent_at(visit)
        after_s = chance.uniform(_GIVEN_UP_AFTER_S, IN_FLIGHT_S - 1)
        lag_s, says_504 = chance.uniform(0, LAG_S), chance.random() < 0.5
        self._begin(self._do_later(visit, sent_at, after_s, lag_s))
        if says_504:
            await visit.send(504, {"error": "the gateway gave up"})
            return
        await self._hang(visit)

    async def _do_later(self, visit: Visit, sent_at: float, after_s: float, lag_s: float) -> None:
        self.late += 1
        await asyncio.sleep(after_s / self._control.factor)
        if self._control.now() <= sent_at + IN_FLIGHT_S:
            self._apply(visit, Fault.LATE, lag_s)
        self.late -= 1

    async def _hang(self, visit: Visit) -> None:
        await asyncio.sleep(_HANGS_FOR_S / self._control.factor)
        visit.close()

    async def _show(self, fault: Fault, visit: Visit, said: Said, chance: Any) -> None:
        """The deed is done; what the client gets to see of it."""
        match fault:
            case Fault.NONE:
                await visit.send(*said)
            case Fault.APPLIED_RESET:
                visit.reset()
            case Fault.APPLIED_HANG:
                await self._hang(visit)
            case Fault.APPLIED_BROKEN:
                await visit.send(502, {"error": "the gateway lost it"})
            case Fault.DRIP:
                for byte in whole_answer(*said):
                    await visit.send_raw(bytes([byte]))
                    await asyncio.sleep(_DRIPS_EVERY_S / self._control.factor)
            case Fault.TRUNCATED:
                await visit.send_raw(whole_answer(*said)[:-9])
                visit.close()
            case _:
                await visit.send(said[0], chance.choice(_NONSENSE))

    def _apply(self, visit: Visit, fault: Fault, lag_s: float) -> Said:
        path, body = urlsplit(visit.path), visit.json() if visit.body else {}
        name = unquote(path.path.removeprefix("/records").lstrip("/"))
        if visit.method == "GET":
            return self._found(parse_qs(path.query)["reference"][0])
        if self.shape == "upsert":
            return self._written(name, body, fault, lag_s)
        if visit.method == "PATCH":
            return self._written(name, body, fault, lag_s) if name in self._records else (404, {})
        if self.shape == "client_id":
            if body["reference"] in self._records:
                self.told.conflicts += 1
                return 409, {"error": "there is one"}
            return self._written(body["reference"], body, fault, lag_s)
        return self._made(visit.headers.get("idempotency-key", ""), body, fault, lag_s)

    def _made(self, key: str, body: dict[str, Any], fault: Fault, lag_s: float) -> Said:
        now = self._control.now()
        kept = self._keys.get(key)
        if key and kept and now < kept[0] + _KEY_KEPT_S:
            return kept[1]
        said = self._written(f"R-{len(self._records) + 1}", body, fault, lag_s)
        if key and self.shape == "header":
            self._keys[key] = (now, (200, {**said[1], "created": False}))
        return said

    def _written(self, name: str, body: dict[str, Any], fault: Fault, lag_s: float) -> Said:
        now, is_new = self._control.now(), name not in self._records
        self._log.note(self.shape, name, made=is_new, body=body, at=now, fault=fault)
        if is_new:
            record = self._records[name] = Record(name, body, now + lag_s)
            self._of_reference.setdefault(body["reference"], []).append(record)
        self._records[name].body = body
        return 201 if is_new else 200, {"id": name, "created": is_new}

    def _found(self, reference: str) -> Said:
        now = self._control.now()
        found = [r for r in self._of_reference.get(reference, ()) if r.found_at <= now]
        return 200, {"records": [{"id": record.id} for record in found]}

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(_to_its_end(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


async def _to_its_end(work: Any) -> None:
    try:
        await work
    except Ended:
        return


def _reference_of(visit: Visit) -> str:
    """What the request is about, as far as one can tell."""
    if visit.body:
        return str(json.loads(visit.body).get("reference"))
    return visit.path


async def _tell(crms: list[FaultyCrm], draw: Draw, visit: Visit) -> None:
    """The driver's own way in."""
    sent = visit.json()
    draw.share = sent.get("share", draw.share)
    told = {crm.shape: {**vars(crm.told), "late": crm.late} for crm in crms}
    await visit.send(200, told)


def serve_crms(line: Connection, control: Path, effects: Path, *, seed: int, share: float) -> None:
    """A process's whole life: says its ports, the driver's own first, and serves."""

    async def run() -> None:
        draw, log = Draw(seed, share), EffectLog(effects)
        crms = [FaultyCrm(shape, Control(control), log, draw) for shape in SHAPES]
        own = Listener(partial(_tell, crms, draw))
        for listener in (own, *(crm.listener for crm in crms)):
            await listener.open()
        line.send([own.port, *(crm.listener.port for crm in crms)])
        await asyncio.Event().wait()

    asyncio.run(run())
