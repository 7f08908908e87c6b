"""Which fields a connector's logging method reads is found out from its file."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.read_inputs import inputs_read

SHIPPED = Path(__file__).resolve().parents[3] / "layers/switchboard/switchboard/connectors"


def read(**request: Any) -> frozenset[str] | None:
    document = {
        "connector": 1,
        "id": "mine",
        "server": "https://crm.example.com",
        "methods": {
            "log_interaction": {
                "request": {"method": "PUT", "path": "/calls/${input.id}", **request},
                "map": "{id: body.id || input.request_id}",
            }
        },
    }
    return inputs_read(compile_connector(document), "log_interaction")


@pytest.mark.parametrize(
    ("request_part", "names"),
    [
        ({"body": {"a": "${input.remarks}", "b": "${item.fax || 'x'}"}}, {"remarks", "fax"}),
        ({"body": {"a": "${first(input.remarks, `5`)}, ${input.fax}"}}, {"remarks", "fax"}),
        ({"body": {"a": [{"b": "${input.customer.id}"}]}}, {"customer"}),
        ({"query": {"q": "${input.contact}"}}, {"contact"}),
        ({"headers": {"X-Call": "${input.channel}"}}, {"channel"}),
        ({"body": {"for_each": "[input]", "make": {"a": "${item.queue_s}"}}}, {"queue_s"}),
        ({"body": {"for_each": "split(input.remarks, ' ')", "make": "${item}"}}, None),
        ({"body": {"all": "${json(input)}"}}, None),
        ({"body": {"input": "input.remarks"}}, set()),
    ],
)  # fmt: skip
def test_every_place_of_a_request_is_looked_at(
    request_part: dict[str, Any], names: set[str] | None
) -> None:
    expected = None if names is None else names | {"id", "request_id"}

    assert read(**request_part) == expected


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda file: str(file.stem))
def test_of_every_shipped_connector_it_is_known(file: Path) -> None:
    definition = compile_connector(yaml.safe_load(file.read_text(encoding="utf-8")))
    if "log_interaction" not in definition["methods"]:
        pytest.skip("it keeps no interactions")

    names = inputs_read(definition, "log_interaction")

    assert names is not None
    assert {"id", "remarks", "disposition_code"} <= names
