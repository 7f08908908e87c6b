"""The tables of template.yaml in an in-process AWS, so that tests and deployment cannot drift."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TEMPLATE = Path(__file__).parents[1] / "template.yaml"


class _TemplateLoader(yaml.SafeLoader):
    """Reads over CloudFormation's own tags (``!Ref``, ``!Sub`` …): no table uses them."""


_TemplateLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def create_tables(client: "DynamoDBClient") -> None:
    """Create Interactions, Lookups, Outbound, Config and Coordination under these names."""
    for name, table in _tables_of_the_template():
        client.create_table(
            TableName=name,
            **{
                part: table[part]
                for part in (
                    "AttributeDefinitions",
                    "KeySchema",
                    "GlobalSecondaryIndexes",
                    "BillingMode",
                )
                if part in table
            },
        )
        if "TimeToLiveSpecification" in table:
            client.update_time_to_live(
                TableName=name, TimeToLiveSpecification=table["TimeToLiveSpecification"]
            )


def empty_tables(client: "DynamoDBClient") -> None:
    """Delete every item of every table."""
    for name in client.list_tables()["TableNames"]:
        for page in client.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                client.delete_item(TableName=name, Key={"id": item["id"]})


def _tables_of_the_template() -> Iterator[tuple[str, dict[str, Any]]]:
    template = yaml.load(_TEMPLATE.read_text(encoding="utf-8"), Loader=_TemplateLoader)
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            yield name, resource["Properties"]
