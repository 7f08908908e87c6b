"""A pointer is read, or it is a bug and says so."""

import json

import pytest

from switchboard.edges.work import Pointer, read_pointer


def test_a_pointer_is_read() -> None:
    assert read_pointer('{"v": 1, "id": "i-1", "request_id": "r-1"}') == Pointer("i-1", "r-1")
    assert read_pointer('{"v": 1, "id": "i-1"}') == Pointer("i-1", "")


@pytest.mark.parametrize(
    "body",
    ["", "{", "null", "[]", "7", '"i-1"', *map(json.dumps, ({}, {"v": 1}, {"v": 2, "id": "i-1"},
     {"id": "i-1"}, {"v": 1, "id": ""}))],
)  # fmt: skip
def test_what_is_not_a_pointer_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"pointer|Expecting"):
        read_pointer(body)
