"""The faulty CRM of the posting proof: what it does, it has written down before anybody is told."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.posting_proof.control import Control
from bench.posting_proof.crm import LAG_S, SHAPES, FaultyCrm
from bench.posting_proof.effects import EffectLog
from bench.posting_proof.faults import Draw, Fault

BODY = {"reference": "int-1", "revision": 1, "remarks": "said"}
# The run's clock stands nearly still, unless it is made to jump.
SLOW = 0.001
QUICK = 200.0


class Always(Draw):
    """The same fault for everybody, as often as it is wanted."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(seed=1, share=1.0)
        self._faults = list(faults)

    def next(self, crm: str, method: str, reference: str) -> Any:
        _, chance = super().next(crm, method, reference)
        return (self._faults.pop(0) if self._faults else Fault.NONE), chance


@dataclass
class Running:
    """One CRM on a port, with its log."""

    base: str
    control: Control
    file: Path

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, f"{self.base}{path}", timeout=0.3, **more)

    def effects(self) -> list[tuple[str, bool, str]]:
        log = EffectLog(self.file)
        told = [(effect.record, effect.made, effect.fault) for effect in log.all()]
        log.close()
        return told


@contextmanager
def running(tmp_path: Path, shape: str, *faults: Fault, factor: float = SLOW) -> Iterator[Running]:
    control = Control.begin(tmp_path / "control", factor=factor)
    file = tmp_path / "effects.sqlite"
    loop, ports = asyncio.new_event_loop(), []
    is_open = threading.Event()

    async def begin() -> None:
        log = EffectLog(file)
        crm = FaultyCrm(shape, control, log, Always(*faults))
        await crm.listener.open()
        ports.append(crm.listener.port)
        is_open.set()
        await over.wait()
        log.close()
        await crm.listener.close()

    over = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(begin()))
    thread.start()
    assert is_open.wait(5)
    try:
        yield Running(f"http://127.0.0.1:{ports[0]}", control, file)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        loop.close()


def create(crm: Running, **more: Any) -> requests.Response:
    return crm.send("POST", "/records", json=BODY, **more)


def test_an_upsert_keeps_one_record_and_takes_what_comes_last(tmp_path: Path) -> None:
    with running(tmp_path, "upsert") as crm:
        for revision in (2, 1):
            answer = crm.send("PUT", "/records/int-1", json={**BODY, "revision": revision})
            answer.raise_for_status()

        assert crm.effects() == [("int-1", True, ""), ("int-1", False, "")]


def test_the_second_record_of_an_id_of_ours_is_a_conflict(tmp_path: Path) -> None:
    with running(tmp_path, "client_id") as crm:
        assert [create(crm).status_code for _ in range(2)] == [201, 409]
        assert crm.effects() == [("int-1", True, "")]


def test_a_key_is_known_again_for_a_day(tmp_path: Path) -> None:
    keyed = {"headers": {"Idempotency-Key": "k"}}
    with running(tmp_path, "header") as crm:
        first, second = create(crm, **keyed).json(), create(crm, **keyed).json()
        crm.control.jump(90_000)
        third = create(crm, **keyed).json()

    assert (first["created"], second) == (True, {**first, "created": False})
    assert third["id"] != first["id"]


def test_a_search_finds_a_record_only_after_a_while(tmp_path: Path) -> None:
    with running(tmp_path, "search_first") as crm:
        create(crm)
        at_once = crm.send("GET", "/records?reference=int-1").json()["records"]
        crm.control.jump(LAG_S)
        later = crm.send("GET", "/records?reference=int-1").json()["records"]

    assert (at_once, later) == ([], [{"id": "R-1"}])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault.is_done_first])
def test_what_is_done_and_then_hidden_is_in_the_log(
    tmp_path: Path, shape: str, fault: Fault
) -> None:
    with running(tmp_path, shape, fault) as crm:
        way = ("PUT", "/records/int-1") if shape == "upsert" else ("POST", "/records")
        is_shown = True
        try:
            answer = crm.send(*way, json=BODY)
            is_shown = answer.ok and isinstance(answer.json()["id"], str)
        except (requests.RequestException, TypeError, KeyError):
            is_shown = False

        assert not is_shown
        assert [(made, told) for _, made, told in crm.effects()] == [(True, fault)]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.WAIT_SECONDS, 429),
        (Fault.WAIT_DATE, 429),
        (Fault.WAIT_BODY, 429),
        (Fault.WAIT_ABSURD, 429),
        (Fault.EXPIRED, 401),
        (Fault.REVOKED, 401),
        (Fault.UNKNOWN_FIELD, 422),
    ],
)
def test_what_is_turned_away_is_not_done(tmp_path: Path, fault: Fault, status: int) -> None:
    with running(tmp_path, "search_first", fault) as crm:
        assert create(crm).status_code == status
        assert crm.effects() == []


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.REFUSED])
def test_a_connection_that_is_reset_leaves_nothing_done(tmp_path: Path, fault: Fault) -> None:
    with running(tmp_path, "search_first", fault, factor=QUICK) as crm:
        with pytest.raises(requests.ConnectionError):
            create(crm)

        assert crm.effects() == []


def test_what_is_done_late_is_done_when_nobody_waits_any_more(tmp_path: Path) -> None:
    with running(tmp_path, "search_first", Fault.LATE, factor=20.0) as crm:
        with suppress(requests.Timeout):
            assert create(crm).status_code == 504
        assert crm.effects() == []
        threading.Event().wait(0.9)

        assert crm.effects() == [("R-1", True, Fault.LATE)]
