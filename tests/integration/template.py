"""What template.yaml says of functions and routes: read here, so that nothing is said twice."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from local.aws.package import Template, read_template

ROOT: Final = Path(__file__).parents[2]
STACK_NAME: Final = "switchboard-test"
# The CRM and the contact centre run on this machine, as in the local stack.
# Names of buckets are lower case.
BUCKETS: Final = {"Aside": f"{STACK_NAME}-aside"}
PARAMETERS: Final = {"AllowLoopback": "yes"}


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API and the job behind it."""

    path: str
    job: str
    is_guarded: bool

    def parameters(self, path: str) -> dict[str, str] | None:
        """The path's parameters; None when the route is another one."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


@cache
def template() -> Template:
    return read_template(ROOT / "template.yaml")


def queues() -> list[str]:
    return [name for name, _ in _resources("AWS::SQS::Queue")]


def jobs() -> dict[str, Template]:
    """The functions' properties by job."""
    found = dict(_resources("AWS::Serverless::Function"))
    return {_job(name): properties for name, properties in found.items()}


def routes() -> list[Route]:
    return [
        Route(
            path=event["Properties"]["Path"],
            job=job,
            is_guarded=event["Properties"].get("Auth", {}).get("Authorizer") != "NONE",
        )
        for job, properties in jobs().items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]


def environment(job: str, queue_urls: Mapping[str, str]) -> dict[str, str]:
    """The variables that the template sets for the job's function, and no other."""
    everywhere = template()["Globals"]["Function"]["Environment"]["Variables"]
    variables = {**everywhere, **jobs()[job]["Environment"]["Variables"]}
    return {name: _value(value, queue_urls) for name, value in variables.items()}


def _value(value: Any, queue_urls: Mapping[str, str]) -> str:
    if not isinstance(value, dict):
        return str(value)
    name = str(value["Ref"])
    if name == "AWS::StackName":
        return STACK_NAME
    if name in PARAMETERS:
        return PARAMETERS[name]
    if name in template()["Parameters"]:
        return str(template()["Parameters"][name]["Default"])
    if name in BUCKETS:
        return BUCKETS[name]
    return queue_urls.get(name, name)  # tables bear their logical names here


def _resources(kind: str) -> Iterator[tuple[str, Template]]:
    for name, resource in template()["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource["Properties"]


def _job(logical_id: str) -> str:
    words = re.findall(r"[A-Z][a-z]+", logical_id.removesuffix("Function"))
    return "_".join(word.lower() for word in words)
