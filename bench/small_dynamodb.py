"""As much of DynamoDB as the functions use, in memory: quick enough for thousands of lookups.

Conditions and updates are read as DynamoDB reads them; what is not known here fails loudly. That
it says what moto says is tested in `tests/proof/test_small_dynamodb.py`.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

Item = dict[str, Any]
Answer = dict[str, Any]
Names = Mapping[str, str]
_Test = Callable[[Item, Mapping[str, Any], Names], bool]

# Of indexes with one; an item without it is not in the index.
_SORT_KEYS: Final = {
    ("Interactions", "by_customer"): "started_at",
    ("Interactions", "by_due"): "due_at",
    ("Outbound", "by_due"): "due_at",
}
# What stands in an index that holds keys only.
_KEYS_ONLY: Final = {
    ("Lookups", "by_customer"): ("id", "customer_key"),
    ("Interactions", "by_due"): ("id", "due_bucket", "due_at"),
    ("Interactions", "by_day"): ("id", "day"),
    ("Outbound", "by_due"): ("id", "due_bucket", "due_at"),
}
_TOKEN: Final = re.compile(r"\s*(<=|>=|<>|[=<>()+,]|[:#]?\w+)")
_CLAUSE: Final = re.compile(r"\b(SET|REMOVE|ADD)\b")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda one, other: bool(one == other),
    "<>": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


class RefusedError(Exception):
    """An answer with status 400, by the name that DynamoDB gives it."""

    def __init__(self, kind: str, item: Item | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.item = item


@dataclass
class SmallDynamoDb:
    """Tables by name, which begin to exist when they are written. Safe under threads."""

    _tables: dict[str, dict[str, Item]] = field(default_factory=lambda: defaultdict(dict))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, operation: str, sent: Mapping[str, Any]) -> Answer:
        """Raises: RefusedError."""
        if operation == "BatchGetItem":
            return self._get_many(sent["RequestItems"])
        work = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "DeleteItem": self._delete,
            "Query": self._query,
        }[operation]
        with self._lock:
            return deepcopy(work(self._tables[sent["TableName"]], sent))

    def items(self, table: str) -> dict[str, Item]:
        """Every item by its id, as it stands: to be looked at, and not to be changed."""
        return self._tables[table]

    def _get_many(self, asked: Mapping[str, Any]) -> Answer:
        with self._lock:
            found = {
                name: [
                    table[item_id] for key in wanted["Keys"] if (item_id := key["id"]["S"]) in table
                ]
                for name, wanted in asked.items()
                if (table := self._tables[name]) is not None
            }
            return {"Responses": deepcopy(found), "UnprocessedKeys": {}}

    def _get(self, table: dict[str, Item], sent: Mapping[str, Any]) -> Answer:
        item = table.get(sent["Key"]["id"]["S"])
        return {"Item": item} if item else {}

    def _put(self, table: dict[str, Item], sent: Mapping[str, Any]) -> Answer:
        item_id = sent["Item"]["id"]["S"]
        _check(table.get(item_id, {}), sent)
        table[item_id] = sent["Item"]
        return {}

    def _update(self, table: dict[str, Item], sent: Mapping[str, Any]) -> Answer:
        item_id = sent["Key"]["id"]["S"]
        _check(table.get(item_id, {}), sent)
        table[item_id] = _updated(table.get(item_id, dict(sent["Key"])), sent)
        return {"Attributes": table[item_id]} if sent.get("ReturnValues") == "ALL_NEW" else {}

    def _delete(self, table: dict[str, Item], sent: Mapping[str, Any]) -> Answer:
        item = table.pop(sent["Key"]["id"]["S"], None)
        return {"Attributes": item} if item else {}

    def _query(self, table: dict[str, Item], sent: Mapping[str, Any]) -> Answer:
        holds = _condition(sent["KeyConditionExpression"])
        values, names = sent.get("ExpressionAttributeValues", {}), _names(sent)
        index = (sent["TableName"], sent["IndexName"])
        sort_key = _SORT_KEYS.get(index, "id")
        in_index = [item for item in table.values() if sort_key in item]
        found = [item for item in in_index if holds(item, values, names)]
        found.sort(key=lambda item: _plain(item[sort_key]), reverse=not sent["ScanIndexForward"])
        found = found[: sent["Limit"]]
        if kept := _KEYS_ONLY.get(index):
            found = [{name: item[name] for name in kept} for item in found]
        return {"Items": found}


def _check(item: Item, sent: Mapping[str, Any]) -> None:
    if "ConditionExpression" not in sent:
        return
    holds = _condition(sent["ConditionExpression"])
    if not holds(item, sent.get("ExpressionAttributeValues", {}), _names(sent)):
        tells = sent.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise RefusedError("ConditionalCheckFailedException", item if tells and item else None)


def _names(sent: Mapping[str, Any]) -> Names:
    names: Names = sent.get("ExpressionAttributeNames", {})
    return names


def _plain(attribute: Mapping[str, Any]) -> Any:
    """A text or a number; they are the only ones that are compared."""
    ((kind, value),) = attribute.items()
    return int(value) if kind == "N" else value


@cache
def _condition(expression: str) -> _Test:
    return _Conditions(_TOKEN.findall(expression)).whole()


@dataclass
class _Conditions:
    """OR of AND of comparisons, function calls and brackets."""

    tokens: list[str]

    def whole(self) -> _Test:
        test = self._either()
        if self.tokens:
            raise RefusedError("ValidationException")
        return test

    def _either(self) -> _Test:
        tests = [self._all()]
        while self._follows("OR"):
            tests.append(self._all())
        return lambda item, values, names: any(test(item, values, names) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._follows("AND"):
            tests.append(self._one())
        return lambda item, values, names: all(test(item, values, names) for test in tests)

    def _one(self) -> _Test:
        if self._follows("("):
            inner = self._either()
            self._take(")")
            return inner
        word = self.tokens.pop(0)
        if word in {"attribute_exists", "attribute_not_exists"}:
            self._take("(")
            name = self.tokens.pop(0)
            self._take(")")
            wanted = word == "attribute_exists"
            return lambda item, _, names: (names.get(name, name) in item) is wanted
        compare, value = _COMPARE[self.tokens.pop(0)], self.tokens.pop(0)
        return _comparison(word, compare, value)

    def _follows(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        self.tokens.pop(0)
        return True

    def _take(self, token: str) -> None:
        if not self._follows(token):
            raise RefusedError("ValidationException")


def _comparison(name: str, compare: Callable[[Any, Any], bool], value: str) -> _Test:
    def holds(item: Item, values: Mapping[str, Any], names: Names) -> bool:
        found, asked = item.get(names.get(name, name)), values[value]
        if found is None or found.keys() != asked.keys():
            return False
        return compare(_plain(found), _plain(asked))

    return holds


def _updated(item: Item, sent: Mapping[str, Any]) -> Item:
    values, names = sent.get("ExpressionAttributeValues", {}), _names(sent)
    after = dict(item)
    words = iter(_CLAUSE.split(sent["UpdateExpression"])[1:])
    for clause in words:
        for part in _parts(next(words)):
            if clause == "REMOVE":
                after.pop(names.get(part, part), None)
            elif clause == "ADD":
                name, amount = part.split()
                had = item.get(names.get(name, name), {"N": "0"})
                after[names.get(name, name)] = _sum(had, values[amount])
            else:
                name, _, value = part.partition(" = ")
                after[names.get(name, name)] = _value(value, item, values, names)
    return after


def _parts(clause: str) -> list[str]:
    """Split at the commas that are not inside a call."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", clause)]


def _value(text: str, item: Item, values: Mapping[str, Any], names: Names) -> Any:
    first, plus, second = text.partition(" + ")
    if plus:
        return _sum(_value(first, item, values, names), _value(second, item, values, names))
    if called := re.fullmatch(r"if_not_exists\((\S+), (\S+)\)", text):
        name, otherwise = called.groups()
        return item.get(names.get(name, name), values[otherwise])
    return values[text] if text in values else item[names.get(text, text)]


def _sum(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {"N": str(int(one["N"]) + int(other["N"]))}
