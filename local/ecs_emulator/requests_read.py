"""What callers may send to the emulator's own API, and the flat errors they get otherwise."""

from typing import TypeVar

from flask import request
from pydantic import BaseModel, Field, ValidationError

from local.ecs_emulator.contact_centre import Answer, NotAllowed, NotKnown
from local.ecs_emulator.floor import AgentState
from local.ecs_emulator.knobs import Seconds, Strict

Model = TypeVar("Model", bound=BaseModel)


class RefusedError(Exception):
    """A request that gets a flat error."""

    def __init__(self, status: int, error: str, message: str, **extra: str) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "message": message, **extra}


class NewContact(Strict):
    """Somebody calls or writes."""

    channel: str = Field(max_length=40)
    sender: str = Field(alias="from", min_length=1, max_length=254)
    to: str = Field(default="", max_length=254)
    manual: bool = False
    disposition: str = Field(default="", max_length=100)
    remarks: str = Field(default="", max_length=10_000)
    talk_s: Seconds | None = None


class Closing(Strict):
    """How the agent closes an interaction."""

    disposition: str = Field(default="", max_length=100)
    remarks: str = Field(default="", max_length=10_000)


class InternalTransfer(Strict):
    """Where the agent sends it."""

    business_process: str = Field(min_length=1, max_length=100)


class ControlTransfer(Strict):
    """Where the ECS-side API sends it."""

    target: str = Field(min_length=1, max_length=100)


class AgentSearch(Strict):
    """An agent whom the asker knows by name only."""

    name: str = Field(min_length=1, max_length=200)


class NewCall(Strict):
    """A call to be queued for the best agent."""

    contact: str = Field(min_length=3, max_length=40)
    business_process: str = Field(min_length=1, max_length=100)
    contact_name: str = Field(default="", max_length=200)
    reference: str = Field(min_length=1, max_length=200)
    preferred_agent: str = Field(default="", max_length=40)
    remarks: str = Field(default="", max_length=10_000)


class AgentChoice(Strict):
    """What an agent sets on the console."""

    state: AgentState


class Outage(Strict):
    """How long a restart takes."""

    seconds: Seconds


def parsed(model: type[Model]) -> Model:
    """The JSON body as that model.

    Raises: RefusedError naming the fields that are wrong, never their values.
    """
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        told = "Send a JSON object with Content-Type: application/json."
        raise RefusedError(400, "not_a_json_object", told)
    return validated(model, body)


def validated(model: type[Model], values: object) -> Model:
    """The values as that model.

    Raises: RefusedError naming the fields that are wrong, never their values.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        told = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems)
        raise RefusedError(422, "invalid_request", told) from error


def check(answer: Answer) -> None:
    """Turn an answer that is not a yes into its flat error.

    Raises: RefusedError when the command was not accepted.
    """
    if isinstance(answer, NotAllowed):
        told = f"This cannot be done while the state is {answer.state.value}."
        raise RefusedError(409, "invalid_state", told, state=answer.state.value)
    if isinstance(answer, NotKnown):
        told = f"The {answer.what} is not known here; it is {answer.explanation}."
        raise RefusedError(422, f"unknown_{answer.what}", told)
