"""The methods that ECS calls, as template.yaml and the functions' own descriptions name them."""

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

from local.aws.package import Template, read_template
from switchboard.contracts.ecs import EcsContract
from switchboard.contracts.named import contract_named
from switchboard.edges.served_routes import served_routes

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Method:
    """One container of ECS: one URL. `event` is the API Trigger's word for it, or empty."""

    key: str
    job: str
    path: str
    verbs: tuple[str, ...]
    asks: type[EcsContract]
    answers: type[BaseModel]
    status: int
    summary: str
    event: str = ""

    @property
    def is_trigger(self) -> bool:
        return bool(self.event)


def methods() -> tuple[Method, ...]:
    """Every route that reads an ECS contract; one per word where the path ends in an event."""
    return tuple(
        method
        for job, properties in functions().items()
        if any(event["Type"] == "HttpApi" for event in properties.get("Events", {}).values())
        for method in _methods_of(job)
    )


@cache
def template() -> Template:
    return read_template(ROOT / "template.yaml")


def functions() -> dict[str, Template]:
    """The functions' properties by job, in the template's order."""
    return {
        _job(name): resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def timeout_s(job: str) -> int:
    """After this long AWS ends the function, and whoever asked has an answer."""
    everywhere = template()["Globals"]["Function"]["Timeout"]
    return int(functions()[job].get("Timeout", everywhere))


@cache
def app(job: str) -> ModuleType:
    """The function's module, loaded as AWS does: a file, and no package around it."""
    file = ROOT / "functions" / job / "app.py"
    name = f"switchboard_function_{job}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _methods_of(job: str) -> Iterator[Method]:
    described: dict[str, list[Any]] = {}
    for route in served_routes(getattr(app(job), "api", None)):
        asks = contract_named((route.openapi_extensions or {}).get("x-asks"))
        if isinstance(asks, type) and issubclass(asks, EcsContract):
            described.setdefault(str(route.openapi_path), []).append(route)
    for path, routes in described.items():
        verbs = tuple(sorted({route.method for route in routes}))
        yield from _spelled_out(job, path, verbs, routes[0].openapi_extensions, routes[0].summary)


def _spelled_out(
    job: str, path: str, verbs: tuple[str, ...], said: Mapping[str, Any], summary: str
) -> Iterator[Method]:
    shape = {
        "job": job,
        "verbs": verbs,
        "asks": contract_named(said["x-asks"]),
        "answers": contract_named(said["x-answers"]),
        "status": int(said.get("x-status", 200)),
        "summary": summary,
    }
    words: Mapping[str, type[Enum]] = said.get("x-path", {})
    if not words:
        yield Method(key=path.rsplit("/", 1)[-1], path=path, **shape)
    for parameter, choices in words.items():
        for choice in choices:
            spelled = path.replace(f"{{{parameter}}}", choice.value)
            event = choice.value.replace("-", " ").title()
            yield Method(key=choice.value, path=spelled, event=event, **shape)


def _job(logical_id: str) -> str:
    words = re.findall(r"[A-Z][a-z]+", logical_id.removesuffix("Function"))
    return "_".join(word.lower() for word in words)
