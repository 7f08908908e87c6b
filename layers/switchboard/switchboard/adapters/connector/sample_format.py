"""Samples in a connector file: what is asked, the exchange it makes, and what comes of it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Asked = Literal["find", "method", "operation", "event"]


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class SampleRequest(_Piece):
    """What must be sent. What is left out is not compared; a body that is given is, as a whole."""

    method: str | None = None
    url: str | None = None
    headers: dict[str, str] = {}
    body: Any = None
    form: dict[str, str | list[str]] | None = None


class SampleResponse(_Piece):
    """What the server answers: JSON in `body`, anything else in `text`; or how it fails."""

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = None
    text: str | None = None
    fault: Literal["lost", "refused"] | None = None


class SampleExchange(_Piece):
    """One request and its answer."""

    request: SampleRequest = SampleRequest()
    response: SampleResponse


class SampleFailure(_Piece):
    """The error class that comes of it; `unknown` when nobody can say whether it happened."""

    error_class: str = Field(alias="class")
    wait: float | None = None
    detail: str | None = None


class Sample(_Piece):
    """One story. Secrets that are not given have their own name as value."""

    name: str
    find: Literal["phone", "email"] | None = None
    value: str | None = None
    method: str | None = None
    operation: str | None = None
    event: str | None = None
    region: str | None = None
    settings: dict[str, str | int | float | bool] = {}
    secrets: dict[str, str] = {}
    input: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: dict[str, Any] | list[Any] = {}
    text: str | None = None
    exchange: list[SampleExchange] = []
    result: Any = None
    fails: SampleFailure | None = None

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
