"""Guesses the mapping of an answer: where the rows are, and which field is the name or number."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.draft_api import Schema, properties_of, type_of
from cli.personal import (
    is_email_name,
    is_first_name,
    is_id_name,
    is_last_name,
    is_name_name,
    is_phone_name,
    is_remark_name,
    words,
    words_of,
)

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST_LIST: Final = 4
_MOST_ATTRIBUTES: Final = 8
INNER_PHONE: Final = frozenset({"number", "value", "e164", "formatted", "full"})
INNER_EMAIL: Final = frozenset({"address", "value"})
CUSTOMER_WORDS: Final = frozenset(
    ("customer", "customers", "cust", "contact", "contacts", "person", "people", "persons",
     "client", "clients", "account", "accounts", "kunde", "kunden", "kontakt", "klant", "cliente",
     "clientes", "party", "parties", "subscriber", "subscribers", "member", "members", "user",
     "users", "patient", "guest", "tenant", "lead", "leads", "contacto", "debtor")
)  # fmt: skip
_PART_OF_THE_SAME: Final = words(
    "contact contacts communication communications channels attributes profile details data"
    " properties fields info phone phones email emails name kontakt values result record note call"
    " activity interaction event entry task ticket case error errors"
)
_NOT_AN_ATTRIBUTE: Final = frozenset(
    ("created", "updated", "modified", "deleted", "url", "uri", "href", "link", "links", "address",
     "street", "city", "zip", "postcode", "postal", "birth", "dob", "birthday", "password", "iban",
     "ssn", "tax", "passport", "etag", "avatar", "photo", "image")
)  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Where the rows of an answer are. `path` is the list's place under `body`, or the body's own.

    `is_single` says that the answer is one record and not a list.
    """

    path: tuple[str, ...]
    item: Schema
    is_single: bool = False


@dataclass(frozen=True)
class Field:
    """One value of a row, with the expression that reads it."""

    expression: str
    path: tuple[str, ...]
    schema: Schema
    is_list: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]


def is_customer_word(word: str) -> bool:
    return word in CUSTOMER_WORDS


def rows_of(schema: Schema | None) -> Rows | None:
    """The rows that most look like people; None when there are none."""
    if not schema:
        return None
    candidates = [Rows(path, item) for path, item in _lists(schema, (), _DEEPEST_LIST)]
    if type_of(schema) == "object":
        candidates.append(Rows((), schema, is_single=True))
        for wrapper in ("data", "result", "customer", "contact", "person", "record"):
            inner = properties_of(schema).get(wrapper)
            if inner and properties_of(inner):
                candidates.append(Rows((wrapper,), inner, is_single=True))
    best = max(candidates, key=_likeness, default=None)
    return best if best and _likeness(best) >= 2 else None


def map_of(rows: Rows, kind: str) -> str:
    """The expression that makes customers of the rows."""
    place = ".".join(["body", *map(field_name, rows.path)])
    begin = f"[{place}][?@]" if rows.is_single else f"{place}[]"
    return f"{begin}.{{{row_of(rows.item, kind)}}}"


def sign_of(rows: Rows) -> str:
    """The expression that holds for an answer with a record; empty where a list needs none."""
    record = id_of(list(fields_of(rows.item)))
    if not (rows.is_single and record):
        return ""
    return ".".join(["body", *map(field_name, rows.path), record])


def row_of(item: Schema, kind: str) -> str:
    """What a row's fields become: id, kind, name, phones, emails, attributes."""
    fields = list(fields_of(item))
    attributes = ", ".join(
        f"{_attribute_name(one)}: {one.expression}" for one in attributes_of(fields)
    )
    parts = [
        f"id: {id_of(fields) or 'id'}",
        f"kind: '{kind}'",
        f"name: {name_of(fields) or 'null_name'}",
        f"phones: {_gathered(phones_of(fields))}",
        f"emails: {_gathered(emails_of(fields))}",
    ]
    if attributes:
        parts.append(f"attributes: {{{attributes}}}")
    return ", ".join(part for part in parts if "null_name" not in part)


def fields_of(item: Schema) -> Iterator[Field]:
    """The values of a row, those of objects inside it included."""
    for name, schema in properties_of(item).items():
        yield from _fields((name,), field_name(name), schema, depth=2)


def id_of(fields: list[Field]) -> str:
    """The expression of the record's own id; empty when nothing looks like one."""
    top = [one for one in fields if len(one.path) == 1 and not one.is_list]
    ranked = (
        [one for one in top if is_id_name(one.name)]
        or [one for one in fields if one.name.lower() == "id"]
        or [one for one in fields if is_id_name(one.name) and not one.is_list]
    )
    return min(ranked, key=_id_rank).expression if ranked else ""


def _id_rank(one: Field) -> int:
    words = words_of(one.name)
    if words in (["id"], ["uuid"], ["guid"]):
        return 0
    if any(is_customer_word(word) for word in words):
        return 1 if "id" in words or "uuid" in words else 2
    return 3


def name_of(fields: list[Field]) -> str:
    single = [one for one in fields if not one.is_list]
    whole = [
        one
        for one in single
        if is_name_name(one.name)
        and not (is_first_name(one.name) or is_last_name(one.name))
        and len(one.path) <= 2
        and words_of(one.name)[-1] not in {"title", "label"}
    ]
    if whole:
        return min(whole, key=lambda one: (len(one.path), len(one.name))).expression
    first = next((one.expression for one in single if is_first_name(one.name)), "")
    last = next((one.expression for one in single if is_last_name(one.name)), "")
    parts = [part for part in (first, last) if part]
    return f"join(' ', [{', '.join(parts)}][?@])" if len(parts) > 1 else "".join(parts)


def phones_of(fields: list[Field]) -> list[Field]:
    return [
        one
        for one in fields
        if _is_value(one)
        and (
            is_phone_name(one.name)
            or (one.name.lower() in INNER_PHONE and any(map(is_phone_name, one.path[:-1])))
        )
    ]


def emails_of(fields: list[Field]) -> list[Field]:
    return [
        one
        for one in fields
        if _is_value(one)
        and (
            is_email_name(one.name)
            or (one.name.lower() in INNER_EMAIL and any(map(is_email_name, one.path[:-1])))
        )
    ]


def attributes_of(fields: list[Field]) -> list[Field]:
    """Single values that routing and agents may want; never what tells more of a person."""
    taken = {id(one) for one in (*phones_of(fields), *emails_of(fields))}
    found = [
        one
        for one in fields
        if one.schema
        and not one.is_list
        and id(one) not in taken
        and len(one.path) == 1
        and type_of(one.schema) not in {"object", "array"}
        and not is_id_name(one.name)
        and not is_name_name(one.name)
        and not is_remark_name(one.name)
        and not _NOT_AN_ATTRIBUTE.intersection(words_of(one.name))
    ]
    return found[:_MOST_ATTRIBUTES]


def field_name(name: str) -> str:
    """A name as JMESPath writes it."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name)


def _attribute_name(one: Field) -> str:
    return field_name(re.sub(r"[^A-Za-z0-9_]", "_", one.name))


def _is_value(one: Field) -> bool:
    kind = type_of(one.schema)
    return kind not in {"object", "boolean"} and (one.is_list or kind != "array")


def _fields(path: tuple[str, ...], expression: str, schema: Schema, depth: int) -> Iterator[Field]:
    kind = type_of(schema)
    if kind == "object" and properties_of(schema) and depth:
        # Of other objects' numbers nobody knows whose they are: a manager is not the customer.
        if _PART_OF_THE_SAME.issuperset(words_of(path[-1])):
            for name, inner in properties_of(schema).items():
                place = f"{expression}.{field_name(name)}"
                yield from _fields((*path, name), place, inner, depth - 1)
    elif kind == "array":
        item = schema.get("items") or {}
        if not properties_of(item):
            yield Field(f"{expression}[]", path, {**item, "type": type_of(item)}, is_list=True)
        for name, inner in properties_of(item).items():
            if type_of(inner) not in {"object", "array"}:
                yield Field(
                    f"{expression}[].{field_name(name)}", (*path, name), inner, is_list=True
                )
    else:
        yield Field(expression, path, schema)


def _gathered(fields: list[Field]) -> str:
    """One flat list of what is there: `[phone, mobile][?@]`."""
    singles = ", ".join(one.expression for one in fields if not one.is_list)
    lists = [f"({one.expression} || `[]`)" for one in fields if one.is_list]
    if not lists:
        return f"[{singles}][?@]" if singles else "`[]`"
    groups = [*([f"[{singles}]"] if singles else []), *lists]
    return f"[{', '.join(groups)}][] | [?@]"


def _lists(
    schema: Schema, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    if type_of(schema) == "array":
        item: Any = schema.get("items") or {}
        yield path, item if isinstance(item, Mapping) else {}
    elif depth:
        for name, inner in properties_of(schema).items():
            yield from _lists(inner, (*path, name), depth - 1)


def _likeness(rows: Rows) -> float:
    """How much a row looks like a person. Lists win over the object that holds them."""
    fields = list(fields_of(rows.item))
    points = (
        2 * bool(phones_of(fields))
        + 2 * bool(emails_of(fields))
        + bool(name_of(fields))
        + bool(id_of(fields))
    )
    return points - 0.1 * len(rows.path) - 0.5 * rows.is_single
