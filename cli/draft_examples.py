"""Made-up answers in the shape that a description tells: fictional people, never pasted ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.draft_api import Schema, properties_of, type_of
from cli.draft_rows import INNER_EMAIL, INNER_PHONE, Rows
from cli.personal import (
    Kind,
    is_email_name,
    is_first_name,
    is_id_name,
    is_last_name,
    is_name_name,
    is_phone_name,
    kind_of,
)

_DEEPEST: Final = 7
SAYS_IT_WENT_WELL: Final = frozenset({"ok", "success", "successful", "succeeded"})
_MOMENTS: Final = {"date-time": "2026-01-05T10:00:00Z", "date": "2026-01-05"}


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist, with a number from a range kept for fiction."""

    number: int
    first: str
    last: str
    phone: str
    email: str
    mark: str = "C"

    @property
    def id(self) -> str:
        return f"{self.mark}-{self.number}"

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


ADA: Final = Person(1001, "Ada", "Byron", "(415) 555-0142", "ada@example.com")
RECORD: Final = Person(9001, "Ada", "Byron", "(415) 555-0142", "ada@example.com", mark="A")
# Eve's number contains Ada's: a server that compares parts of numbers finds both.
EVE: Final = Person(1010, "Eve", "Example", "+44 1632 4155550142", "eve.ada@example.com")


def answer_of(schema: Schema | None, rows: Rows | None, people: list[Person]) -> Any:
    """An answer that holds these people."""
    if rows is None:
        return [_row_without_schema(person) for person in people]
    if rows.is_single:
        items: Any = example_of(rows.item, people[0])
    else:
        items = [example_of(rows.item, person) for person in people]
    return _placed(schema or {}, rows.path, items)


def example_of(schema: Schema, person: Person, name: str = "", depth: int = _DEEPEST) -> Any:
    """A value of this shape, of this person where it is somebody's."""
    kind = type_of(schema)
    if depth <= 0:
        return None
    if kind == "object":
        return {
            key: example_of(inner, person, _meant(key, name), depth - 1)
            for key, inner in properties_of(schema).items()
        }
    if kind == "array":
        item = schema.get("items") or {}
        # The name of the list says what its texts are.
        return [example_of(item, person, name, depth - 1)]
    return _leaf(schema, person, name, kind)


def _meant(key: str, owner: str) -> str:
    """`number` in a list of phones is a phone."""
    is_phone = key.lower() in INNER_PHONE and is_phone_name(owner)
    is_email = key.lower() in INNER_EMAIL and is_email_name(owner)
    return owner if is_phone or is_email else key


def _leaf(schema: Schema, person: Person, name: str, kind: str) -> Any:
    if kind == "null":
        return None
    if kind == "boolean":
        return name.lower() in SAYS_IT_WENT_WELL
    if kind in {"integer", "number"}:
        return _number(schema, person, name)
    if schema.get("format") in _MOMENTS:
        return _MOMENTS[str(schema["format"])]
    if schema.get("enum"):
        return next((one for one in schema["enum"] if one is not None), None)
    if is_email_name(name) or schema.get("format") == "email":
        return person.email
    if is_phone_name(name):
        return person.phone
    for is_one, value in (
        (is_first_name, person.first),
        (is_last_name, person.last),
        (is_id_name, person.id),
        (is_name_name, person.name),
    ):
        if is_one(name):
            return value
    return _harmless(schema, name)


def _number(schema: Schema, person: Person, name: str) -> int | float:
    if is_phone_name(name):
        return int("".join(filter(str.isdigit, person.phone)))
    if is_id_name(name):
        return person.number
    said = schema.get("example", schema.get("default", schema.get("minimum", 0)))
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return said if is_number else 0


def _harmless(schema: Schema, name: str) -> str:
    """The description's own example if it is a code or a moment; else a plain word."""
    for said in (schema.get("example"), schema.get("default")):
        if isinstance(said, str) and kind_of(name, said) in {Kind.CODE, Kind.MOMENT}:
            return said
    return "text"


def _placed(schema: Schema, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    name, *rest = path
    properties = properties_of(schema)
    result = {
        key: example_of(inner, ADA, key)
        for key, inner in properties.items()
        if key != name and type_of(inner) not in {"object", "array"}
    }
    return {**result, name: _placed(properties.get(name) or {}, tuple(rest), value)}


def _row_without_schema(person: Person) -> Mapping[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "email": person.email,
    }
