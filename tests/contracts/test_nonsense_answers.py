"""Every sample again, with one answer made nonsense: no search of any connector believes it."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.samples import Rehearsal, rehearse

ROOT: Final = Path(__file__).parents[2]
CONNECTORS: Final = sorted((ROOT / "layers/switchboard/switchboard/connectors").glob("*.yaml"))
WRITES: Final = frozenset({"log_interaction", "log_interactions", "create_contact"})
ROWS_OF_NOTHING: Final = "rows of nothing"
NONSENSE: Final[tuple[Any, ...]] = (
    {}, {"error": "?"}, {"id": None}, "ok", 0, None, [], ROWS_OF_NOTHING,
)  # fmt: skip

Story = Mapping[str, Any]


@cache
def definition(file: Path) -> dict[str, Any]:
    return compile_connector(document(file))


@cache
def document(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def good_answers(story: Story) -> Iterator[int]:
    """Places of the answers with a body in a story that asks the CRM for something."""
    for position, exchange in enumerate(story.get("exchange") or []):
        response = exchange["response"]
        if response.get("status", 200) < 300 and response.get("body") is not None:
            yield position


def with_answer(story: Story, position: int, nonsense: Any) -> Sample:
    exchanges = list(story["exchange"])
    response = exchanges[position]["response"]
    if nonsense == ROWS_OF_NOTHING:
        response = {**response, "body": emptied(response["body"])}
    elif nonsense is None:
        response = {"text": ""}
    else:
        response = {"body": nonsense}
    exchanges[position] = {"response": response}
    kept = {name: value for name, value in story.items() if name != "result"}
    return Sample.model_validate({**kept, "exchange": exchanges})


def emptied(body: Any) -> Any:
    """The same tree, with nothing left in its rows."""
    match body:
        case Mapping():
            return {name: emptied(value) for name, value in body.items()}
        case list():
            return [{} if isinstance(value, Mapping) else emptied(value) for value in body]
    return body


def holds_rows(body: Any) -> bool:
    """Whether it is a list of records; lists inside of one record are none."""
    match body:
        case {"id": _}:
            return False
        case Mapping():
            return any(holds_rows(value) for value in body.values())
        case list():
            return any(isinstance(value, Mapping) for value in body)
    return False


def is_nonsense_there(story: Story, position: int, nonsense: Any) -> bool:
    """Where the answer is a list of its own, an empty one says that nothing is there."""
    body = story["exchange"][position]["response"]["body"]
    if nonsense == ROWS_OF_NOTHING:
        return holds_rows(body)
    return not (nonsense == [] and isinstance(body, list))


def rehearsals(file: Path, *, of_writes: bool) -> Iterator[tuple[str, int, Rehearsal]]:
    for story in document(file)["samples"]:
        is_write = story.get("method") in WRITES
        if story.get("event") or story.get("fails") or is_write is not of_writes:
            continue
        for position in good_answers(story):
            for nonsense in NONSENSE:
                if is_nonsense_there(story, position, nonsense):
                    told = f"{story['name']}, answer {position} is {nonsense!r}"
                    sample = with_answer(story, position, nonsense)
                    yield told, position, rehearse(definition(file), sample)


@pytest.mark.parametrize("file", CONNECTORS, ids=lambda file: file.stem)
def test_a_write_goes_no_further_than_a_search_that_says_nothing(file: Path) -> None:
    believed = [
        told
        for told, position, played in rehearsals(file, of_writes=True)
        if len(played.requests) > position
        and played.requests[position].method == "GET"
        and (len(played.requests) > position + 1 or not played.error_class)
    ]

    assert believed == []


@pytest.mark.parametrize("file", CONNECTORS, ids=lambda file: file.stem)
def test_a_search_that_says_nothing_is_not_nobody(file: Path) -> None:
    """A later lookup may still find somebody."""
    nobodies = [
        told
        for told, _, played in rehearsals(file, of_writes=False)
        if played.error_class is None and not played.result
    ]

    assert nobodies == []
