"""One DynamoDB table, with conditional writes whose failure is a value.

The low-level client is used because it may be shared by threads; boto3's Table may not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from switchboard.adapters.aws_errors import ConditionFailed, aws_call
from switchboard.adapters.items import Item, from_attributes, to_attributes
from switchboard.errors import StateUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_METADATA: Final = "ResponseMetadata"
_Start = Mapping[str, Any]
_EMPTY: Final = "{}"
_MOST_READ_AT_ONCE: Final = 100
# Of many items DynamoDB may leave some out, of large ones or when it is busy.
_TRIES_FOR_MANY: Final = 8


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """Part of a scan: what was found among how many, at what price, and where it goes on."""

    items: list[Item]
    read: int
    units: float
    next_start: _Start | None


class Update:
    """What changes in an item, and under which conditions; built step by step.

    Attribute names are aliased in what is set, because DynamoDB reserves hundreds of words;
    conditions are written out and must avoid them.
    """

    def __init__(self) -> None:
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._adds: list[str] = []
        self._conditions: list[str] = []
        self._names: dict[str, str] = {}
        self._values: Item = {}

    def set(self, item: Item) -> Self:
        for name, value in item.items():
            self._sets.append(f"{self._name(name)} = {self._value(value)}")
        return self

    def set_if_absent(self, item: Item) -> Self:
        for name, value in item.items():
            alias = self._name(name)
            self._sets.append(f"{alias} = if_not_exists({alias}, {self._value(value)})")
        return self

    def copy(self, name: str, *, source: str) -> Self:
        self._sets.append(f"{self._name(name)} = {self._name(source)}")
        return self

    def set_sum(self, name: str, source: str, amount: int) -> Self:
        """`name` becomes `source` (as it was, or 0) plus the amount. Give a sum's source last."""
        source = self._name(source)
        total = f"if_not_exists({source}, {self._value(0)}) + {self._value(amount)}"
        self._sets.append(f"{self._name(name)} = {total}")
        return self

    def count_one_more(self, name: str) -> Self:
        self._adds.append(f"{self._name(name)} {self._value(1)}")
        return self

    def remove(self, *names: str) -> Self:
        self._removes.extend(self._name(name) for name in names)
        return self

    def only_if(self, condition: str, **values: str | int) -> Self:
        """Add a condition; all of them must hold. `values` are its ``:names``."""
        self._conditions.append(f"({condition})")
        self._values.update({f":{name}": value for name, value in values.items()})
        return self

    def only_if_absent(self, name: str) -> Self:
        self._conditions.append(f"attribute_not_exists({self._name(name)})")
        return self

    def arguments(self) -> dict[str, Any]:
        """What update_item wants to be told."""
        clauses = {"SET": self._sets, "REMOVE": self._removes, "ADD": self._adds}
        optional = {
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": to_attributes(self._values),
        }
        return {
            "UpdateExpression": " ".join(
                f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts
            ),
            **{name: value for name, value in optional.items() if value},
        }

    def _name(self, name: str) -> str:
        for alias, known in self._names.items():
            if known == name:
                return alias
        alias = f"#n{len(self._names)}"
        self._names[alias] = name
        return alias

    def _value(self, value: str | int) -> str:
        alias = f":v{len(self._values)}"
        self._values[alias] = value
        return alias


class DynamoDbTable:
    """Items by their `id`. Raises: StateUnavailable, from every method."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def get(self, item_id: str, *, consistent: bool = True) -> Item | None:
        with aws_call(f"reading {self._name}"):
            answer = self._client.get_item(
                TableName=self._name, Key={"id": {"S": item_id}}, ConsistentRead=consistent
            )
        self._require_whole(answer)
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def get_many(self, item_ids: Sequence[str], *, only: Sequence[str] = ()) -> list[Item]:
        """Those of the items that there are, in no order, read consistently.

        With `only`, of each its id and these attributes.
        """
        keys = [{"id": {"S": item_id}} for item_id in dict.fromkeys(item_ids)]
        part = {"ProjectionExpression": ", ".join(("id", *only))} if only else {}
        items: list[Item] = []
        for start in range(0, len(keys), _MOST_READ_AT_ONCE):
            some = keys[start : start + _MOST_READ_AT_ONCE]
            items += self._get_some({"Keys": some, "ConsistentRead": True, **part})
        return items

    def _get_some(self, wanted: Mapping[str, Any]) -> list[Item]:
        asked: dict[str, Any] = {self._name: wanted}
        items: list[Item] = []
        for _ in range(_TRIES_FOR_MANY):
            with aws_call(f"reading {self._name}"):
                answer = self._client.batch_get_item(RequestItems=asked)
            self._require_whole(answer)
            items += [from_attributes(found) for found in answer["Responses"].get(self._name, ())]
            asked = dict(answer.get("UnprocessedKeys") or {})
            if not asked:
                return items
        raise StateUnavailable(f"{self._name} gave only some of the items; try again")

    def put(self, item: Item) -> None:
        with aws_call(f"writing {self._name}"):
            self._client.put_item(TableName=self._name, Item=to_attributes(item))

    def put_new(self, item: Item, *, free_at: int | None = None) -> bool:
        """Store the item unless its id is taken; whether it was stored.

        With `free_at` (epoch seconds), an item that expired by then leaves its id free:
        DynamoDB deletes expired items late.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if free_at is not None:
            condition = {
                "ConditionExpression": "attribute_not_exists(id) OR expires_at <= :free_at",
                "ExpressionAttributeValues": to_attributes({":free_at": free_at}),
            }
        try:
            with aws_call(f"writing {self._name}"):
                self._client.put_item(TableName=self._name, Item=to_attributes(item), **condition)
        except ConditionFailed:
            return False
        return True

    def update(self, item_id: str, change: Update) -> Item | None:
        """The whole item after the change; None, nothing changed, when a condition failed."""
        try:
            with aws_call(f"writing {self._name}"):
                answer = self._client.update_item(
                    TableName=self._name,
                    Key={"id": {"S": item_id}},
                    ReturnValues="ALL_NEW",
                    **change.arguments(),
                )
        except ConditionFailed:
            return None
        self._require_whole(answer)
        return from_attributes(answer["Attributes"])

    def change(self, item_id: str, change: Update) -> bool:
        """Whether the item was changed; for who need not read it: False when a condition failed."""
        try:
            with aws_call(f"writing {self._name}"):
                answer = self._client.update_item(
                    TableName=self._name, Key={"id": {"S": item_id}}, **change.arguments()
                )
        except ConditionFailed:
            return False
        self._require_whole(answer)
        return True

    def try_update(self, item_id: str, change: Update) -> tuple[bool, Item]:
        """Whether the item was changed, and the whole item: after the change, or as it stands."""
        try:
            with aws_call(f"writing {self._name}"):
                answer = self._client.update_item(
                    TableName=self._name,
                    Key={"id": {"S": item_id}},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **change.arguments(),
                )
        except ConditionFailed as failure:
            return False, from_attributes(failure.found)
        self._require_whole(answer)
        return True, from_attributes(answer["Attributes"])

    def delete(self, item_id: str) -> bool:
        """Whether there was anything to delete."""
        with aws_call(f"writing {self._name}"):
            answer = self._client.delete_item(
                TableName=self._name, Key={"id": {"S": item_id}}, ReturnValues="ALL_OLD"
            )
        return "Attributes" in answer

    def scan(self, prefix: str) -> Iterator[Item]:
        """Every item whose id begins so. Reads the whole table, so it is for people, not calls."""
        start: dict[str, Any] = {}
        while True:
            with aws_call(f"scanning {self._name}"):
                page = self._client.scan(
                    TableName=self._name,
                    FilterExpression="begins_with(id, :prefix)",
                    ExpressionAttributeValues=to_attributes({":prefix": prefix}),
                    **start,
                )
            self._require_whole(page)
            yield from (from_attributes(found) for found in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def scan_page(
        self,
        condition: str,
        values: Item,
        *,
        only: Sequence[str],
        segment: tuple[int, int],
        start: _Start | None = None,
    ) -> ScannedPage:
        """One page of one segment (number, of how many): what meets the condition, and of that
        only some attributes. A page is 1 MB of the table, whatever of it is found."""
        going_on: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        with aws_call(f"scanning {self._name}"):
            page = self._client.scan(
                TableName=self._name,
                FilterExpression=condition,
                ExpressionAttributeValues=to_attributes(values),
                ProjectionExpression=", ".join(f"#{name}" for name in only),
                ExpressionAttributeNames={f"#{name}": name for name in only},
                Segment=segment[0],
                TotalSegments=segment[1],
                ReturnConsumedCapacity="TOTAL",
                **going_on,
            )
        self._require_whole(page)
        return ScannedPage(
            items=[from_attributes(found) for found in page["Items"]],
            read=page["ScannedCount"],
            units=page.get("ConsumedCapacity", {}).get("CapacityUnits", 0),
            next_start=page.get("LastEvaluatedKey"),
        )

    def query(
        self,
        index: str,
        condition: str,
        values: Item,
        *,
        limit: int,
        newest_first: bool = False,
        names: Mapping[str, str] | None = None,
    ) -> list[Item]:
        """At most `limit` items in the order of the index, over as many pages as that takes.

        `names` are the aliases of attributes whose names DynamoDB reserves.
        """
        items: list[Item] = []
        aliases: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        start: dict[str, Any] = {}
        while len(items) < limit:
            with aws_call(f"querying {self._name}"):
                page = self._client.query(
                    TableName=self._name,
                    IndexName=index,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=to_attributes(values),
                    ScanIndexForward=not newest_first,
                    Limit=limit - len(items),
                    **aliases,
                    **start,
                )
            self._require_whole(page)
            items.extend(from_attributes(found) for found in page["Items"])
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return items

    def query_page(
        self,
        index: str,
        condition: str,
        values: Item,
        *,
        limit: int,
        start: Item | None = None,
        newest_first: bool = False,
    ) -> tuple[list[Item], bool]:
        """What one query gives of at most `limit` items after the keys of `start`, and whether
        there may be more."""
        going_on: dict[str, Any] = {}
        if start:
            going_on["ExclusiveStartKey"] = to_attributes(start)
        with aws_call(f"querying {self._name}"):
            page = self._client.query(
                TableName=self._name,
                IndexName=index,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=to_attributes(values),
                ScanIndexForward=not newest_first,
                Limit=limit,
                **going_on,
            )
        self._require_whole(page)
        return [from_attributes(found) for found in page["Items"]], "LastEvaluatedKey" in page

    def _require_whole(self, answer: Mapping[str, Any]) -> None:
        """Refuse half an answer, which the SDK gives as one that says nothing after its last try.

        Raises: StateUnavailable.
        """
        headers: Mapping[str, str] = answer[_METADATA].get("HTTPHeaders", {})
        says_nothing = answer.keys() == {_METADATA}
        if says_nothing and headers.get("content-length") not in {None, str(len(_EMPTY))}:
            raise StateUnavailable(f"half an answer came from {self._name}; try again")
