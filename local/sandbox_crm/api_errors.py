"""The answer for a request that cannot be done."""


class ApiError(Exception):
    """What the caller did wrong and what to do about it; `fields` names the wrong ones."""

    def __init__(
        self, status: int, error: str, message: str, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.message = message
        self.fields = fields

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        body: dict[str, object] = {"error": self.error, "message": self.message}
        if self.fields:
            body["fields"] = self.fields
        return body


def not_found(what: str) -> ApiError:
    """There is no such thing."""
    return ApiError(404, "not_found", f"There is no such {what}.")


def invalid_fields(messages: dict[str, str]) -> ApiError:
    """What was sent cannot be stored; one message per wrong field."""
    return ApiError(422, "invalid_fields", "Correct the fields named.", messages)


def invalid_field(name: str, message: str) -> ApiError:
    """One field is wrong."""
    return invalid_fields({name: message})
