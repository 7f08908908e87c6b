"""Stands in for every function while the local AWS itself is tested: it does what it is told."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError

import switchboard

Event = dict[str, Any]


def handler(event: Event, _context: object) -> Event:
    """Answer as authorizer, queue consumer, schedule target or HTTP function."""
    if event.get("type") == "REQUEST":
        return authorize(event)
    if "Records" in event:
        return {"batchItemFailures": [f for r in event["Records"] if (f := consume(r))]}
    if "requestContext" in event:
        return answer(event)
    say("scheduled", source=event.get("source"))
    return {}


def authorize(event: Event) -> Event:
    key = event["headers"].get("x-switchboard-key")
    context = {"key_id": key.split(".")[0]} if key else {"refusal": "missing_key"}
    return {"isAuthorized": True, "context": context}


def consume(record: Event) -> Event | None:
    """Report the record as failed if its body says so."""
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    say("received", body=record["body"], receives=receives)
    if record["body"] == "hang the first time" and receives == 1:
        time.sleep(60)
    if record["body"] == "fail":
        return {"itemIdentifier": record["messageId"]}
    say("done", body=record["body"], receives=receives)
    return None


def answer(event: Event) -> Event:
    query = event.get("queryStringParameters") or {}
    say("asked", request_id=event["requestContext"]["requestId"])
    if query.get("do") == "hang":
        time.sleep(60)
    body = {
        "event": event,
        "pid": os.getpid(),
        "layer": switchboard.__file__,
        "outcome": attempt(query),
    }
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }


def attempt(query: dict[str, str]) -> str:
    """Do one AWS call and say whether the function's policy allows it."""
    name = query.get("on", "")
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: boto3.client("dynamodb").get_item(TableName=name, Key={"id": {"S": "x"}}),
        "put": lambda: boto3.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "x"}}),
        "scan": lambda: boto3.client("dynamodb").scan(TableName=name),
        "get-many": lambda: boto3.client("dynamodb").batch_get_item(
            RequestItems={name: {"Keys": [{"id": {"S": "x"}}]}}
        ),
        "day": lambda: boto3.client("dynamodb").query(
            TableName=name,
            IndexName="by_day",
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": {"S": "2026-11-02"}},
        ),
        "send": lambda: boto3.client("sqs").send_message(QueueUrl=name, MessageBody="sent"),
        "send_many": lambda: boto3.client("sqs").send_message_batch(
            QueueUrl=name, Entries=[{"Id": "1", "MessageBody": "sent"}]
        ),
        "put-object": lambda: boto3.client("s3").put_object(**place_of(name), Body=b"kept"),
        "get-object": lambda: boto3.client("s3").get_object(**place_of(name)),
        "delete-object": lambda: boto3.client("s3").delete_object(**place_of(name)),
        "list-objects": lambda: boto3.client("s3").list_objects_v2(
            Bucket=place_of(name)["Bucket"], Prefix=place_of(name)["Key"]
        ),
        "secret": lambda: boto3.client("secretsmanager").get_secret_value(SecretId=name),
    }
    if query.get("do") not in calls:
        return "nothing"
    try:
        calls[query["do"]]()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"


def place_of(address: str) -> dict[str, str]:
    """Split ``bucket/key``."""
    bucket, _, key = address.partition("/")
    return {"Bucket": bucket, "Key": key}


def say(message: str, **facts: object) -> None:
    job = os.environ["POWERTOOLS_SERVICE_NAME"]
    line = {"level": "INFO", "message": message, "service": job, "pid": os.getpid(), **facts}
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()
