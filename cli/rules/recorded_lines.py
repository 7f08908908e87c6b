"""Recorded contacts as lines of JSON, and back. docs/replay.md has the keys."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn

from switchboard.adapters.items import utc_text
from switchboard.domain.recorded_contact import RecordedContact
from switchboard.domain.replayed import Recorded
from switchboard.errors import Misconfigured

_NEEDED: Final[Mapping[str, type]] = {"at": str, "ruleset": str, "row": str, "facts": dict}
_SCALARS: Final = (str, int, float, bool)


def line_of(contact: RecordedContact, *, salt: bytes, with_id: bool) -> str:
    """One contact. `at` stands first, so lines in the order of text are in the order of time."""
    routing = contact.routing
    said: dict[str, Any] = {
        "at": utc_text(routing.at),
        "ruleset": routing.ruleset,
        "row": routing.row,
        "arm": routing.arm,
        "action": routing.action,
        "queue": routing.queue,
        "priority_seconds": routing.priority_s,
        "gain_per_min_s": routing.gain_per_min_s,
        "max_seconds": routing.max_s,
        "prompts": routing.prompts,
        "preferred_agent": routing.agent,
        "hold_s": routing.hold_s,
        "facts": routing.facts,
        "channel": contact.channel,
        "waited_s": contact.waited_s,
        "handled_s": contact.handled_s,
        "abandoned": contact.abandoned,
        "agent": contact.agent,
        "business_process": contact.business_process,
        "disposition_code": contact.disposition_code,
        "customer": _hidden(contact.customer_key, salt),
    }
    if with_id:
        said["id"] = contact.id
    return json.dumps(said, separators=(",", ":"), allow_nan=False)


def read_lines(lines: Iterable[str], where: str) -> Iterator[Recorded]:
    """What replay needs of each line; empty lines are nothing.

    Raises: Misconfigured that names the first line that cannot be read.
    """
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            yield _recorded(line)
        except (ValueError, RecursionError) as error:
            raise Misconfigured(f"{where}, line {number}: {error}") from error


def _recorded(line: str) -> Recorded:
    try:
        said = json.loads(line, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError("not JSON; is the file cut off?") from error
    if not isinstance(said, dict):
        raise ValueError("no JSON object; write one contact a line")  # noqa: TRY004  of the file
    lacking = [key for key, kind in _NEEDED.items() if not isinstance(said.get(key), kind)]
    if lacking:
        raise ValueError(f"no `{lacking[0]}`; `switchboard rules recorded` writes every key")
    for source, fact in said["facts"].items():
        if not _is_fact(fact):
            raise ValueError(f"{source} is no flag, number, word or list of words")
    return Recorded(
        at=said["at"],
        ruleset=said["ruleset"],
        row=said["row"],
        facts=said["facts"],
        id=str(said.get("id", "")),
    )


def _is_fact(fact: object) -> bool:
    if isinstance(fact, list):
        return all(isinstance(word, str) for word in fact)
    return fact is None or isinstance(fact, _SCALARS)


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no number")


def _hidden(customer_key: str, salt: bytes) -> str:
    """The same customer is the same hash in one file, and another in the next."""
    if not customer_key:
        return ""
    return hashlib.blake2b(customer_key.encode(), key=salt, digest_size=8).hexdigest()
