"""The tables and queues that the functions keep things in, as template.yaml describes them."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3

from cli.handover.methods import functions, template


def create_state(region: str) -> tuple[Any, dict[str, str]]:
    """The template's tables and queues, under their names there; a client, and the addresses."""
    dynamodb = boto3.client("dynamodb", region_name=region)
    sqs = boto3.client("sqs", region_name=region)
    urls: dict[str, str] = {}
    for name, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            properties = {k: v for k, v in resource["Properties"].items() if k in wanted}
            dynamodb.create_table(TableName=name, **properties)
        elif resource["Type"] == "AWS::SQS::Queue":
            urls[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
    return dynamodb, urls


def variables(urls: Mapping[str, str]) -> dict[str, str]:
    """What the functions are told of tables and queues; somebody waits for each of them."""
    return {
        name: urls.get(value["Ref"], value["Ref"])
        for properties in functions().values()
        for name, value in properties["Environment"]["Variables"].items()
        if isinstance(value, dict) and "Ref" in value
    } | {"SOMEBODY_WAITS": "true"}


def empty(dynamodb: Any, table: str, which: Callable[[Mapping[str, Any]], bool]) -> None:
    for item in dynamodb.scan(TableName=table)["Items"]:
        if which(item):
            dynamodb.delete_item(TableName=table, Key={"id": item["id"]})
