"""Samples in a connector file: what is asked, the exchange it makes, and what comes of it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Asked = Literal["find", "method", "operation", "event"]


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class SampleRequest(_Piece):
    """What must be sent. What is left out is not compared; a body that is given is, as a whole."""

    method: str | None = Field(default=None, description="The HTTP method.")
    url: str | None = Field(default=None, description="The whole address.")
    headers: dict[str, str] = Field(default={}, description="Those that count.")
    body: Any = Field(default=None, description="The whole JSON body.")
    form: dict[str, str | list[str]] | None = Field(
        default=None, description="The fields of a form."
    )


class SampleResponse(_Piece):
    """What the server answers: JSON in `body`, anything else in `text`; or how it fails."""

    status: int = Field(default=200, description="The HTTP status.")
    headers: dict[str, str] = Field(default={}, description="Those that matter.")
    body: Any = Field(default=None, description="JSON.")
    text: str | None = Field(default=None, description="Anything that is no JSON.")
    fault: Literal["lost", "refused"] | None = Field(
        default=None, description="No answer: lost after sending, or refused before."
    )


class SampleExchange(_Piece):
    """One request and its answer."""

    request: SampleRequest = Field(default=SampleRequest(), description="What must be sent.")
    response: SampleResponse = Field(description="What comes back.")


class SampleFailure(_Piece):
    """The error class that comes of it; `unknown` when nobody can say whether it happened."""

    error_class: str = Field(
        alias="class",
        description="An error class, or `unknown` for a write that may have happened.",
    )
    wait: float | None = Field(default=None, description="Seconds to wait.")
    detail: str | None = Field(default=None, description="The CRM's error code.")


class Sample(_Piece):
    """One story. Secrets that are not given have their own name as value."""

    name: str = Field(description="What the story is about.")
    find: Literal["phone", "email", "account"] | None = Field(
        default=None, description="Searches for somebody."
    )
    value: str | None = Field(
        default=None, description="The number, address or account number to find."
    )
    method: str | None = Field(default=None, description="Calls a method with `input`.")
    operation: str | None = Field(default=None, description="Calls an operation of an ECS profile.")
    event: str | None = Field(
        default=None, description="Hears a delivery: `headers` and `body` or `text`."
    )
    region: str | None = Field(
        default=None, description="The country of numbers without a country code (US)."
    )
    settings: dict[str, str | int | float | bool] = Field(
        default={}, description="Where they differ from the defaults."
    )
    secrets: dict[str, str] = Field(
        default={}, description="Made-up values; each has its own name as value without one."
    )
    input: dict[str, Any] = Field(default={}, description="What the method sees as `input`.")
    headers: dict[str, str] = Field(default={}, description="The delivery's headers.")
    body: dict[str, Any] | list[Any] = Field(default={}, description="The delivery's JSON.")
    text: str | None = Field(default=None, description="The delivery's body where it is no JSON.")
    exchange: list[SampleExchange] = Field(
        default=[], description="Requests and answers, in order."
    )
    result: Any = Field(default=None, description="What comes of it; the keys given count.")
    fails: SampleFailure | None = Field(default=None, description="How it fails instead.")

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Sample":
        if sum(asked is not None for asked in self._asked) != 1:
            raise ValueError("give one of `find`, `method`, `operation` or `event`")
        if self.find and not self.value:
            raise ValueError("`find` needs the `value` to look for")
        return self

    @model_validator(mode="after")
    def _has_one_body(self) -> "Sample":
        if self.text is not None and "body" in self.model_fields_set:
            raise ValueError("give either `body`, as JSON, or `text`")
        return self

    @property
    def _asked(self) -> tuple[str | None, ...]:
        return (self.find, self.method, self.operation, self.event)
