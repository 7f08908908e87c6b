"""What a drafted connector is made of, wherever it was read: operations, answers, credentials."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from cli.personal import words_of

Schema = Mapping[str, Any]
Place = Literal["query", "path", "header"]

_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")


class DraftError(Exception):
    """Why no connector can be drafted of this, in one plain line."""


@dataclass(frozen=True)
class Parameter:
    """A value that a request needs outside of its body."""

    name: str
    place: Place
    schema: Schema = field(default_factory=dict)
    is_required: bool = False
    description: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer that the description knows. `schema` is None when nobody says what is in it."""

    status: int
    schema: Schema | None = None


@dataclass(frozen=True)
class Operation:
    """One request that the API takes. `path` holds `{name}` where a path parameter stands."""

    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    is_form: bool = False
    answers: tuple[Answer, ...] = ()
    about: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def words(self) -> set[str]:
        """The words of its path and of what is said about it."""
        return set(words_of(f"{self.path} {self.about}"))

    @property
    def path_words(self) -> list[str]:
        fixed = [part for part in self.path.split("/") if part and not part.startswith("{")]
        return [word for part in fixed for word in words_of(part)]

    def good_answer(self) -> Answer:
        """The success that says most."""
        good = [one for one in self.answers if 200 <= one.status < 300]
        return next((one for one in good if one.schema), good[0] if good else Answer(200))

    def parameters_in(self, place: Place) -> list[Parameter]:
        return [one for one in self.parameters if one.place == place]


@dataclass(frozen=True)
class Api:
    """An API as far as it is known. `decisions` are questions that only a person can answer."""

    title: str
    server: str
    auth: Mapping[str, Any]
    secrets: Sequence[str]
    operations: Sequence[Operation]
    decisions: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def require_plain(api: Api) -> None:
    """Raises: DraftError when a name or value of the API would be read as a template of ours."""
    operations = [asdict(one) for one in api.operations]
    auth = {key: api.auth[key] for key in ("token_url", "scope", "name") if key in api.auth}
    for text in _texts([api.title, api.server, dict(api.headers), auth, operations]):
        if "${" in text:
            raise DraftError("the description holds `${`, which would be read as a template")


def _texts(tree: Any) -> Iterator[str]:
    match tree:
        case str():
            yield tree
        case Mapping():
            for key, value in tree.items():
                yield from (str(key), *_texts(value))
        case list() | tuple():
            for value in tree:
                yield from _texts(value)


def setting_name(text: str) -> str:
    """A name that can stand behind `settings.`."""
    name = _NOT_IN_A_NAME.sub("_", "_".join(words_of(text)) or "value").strip("_")
    return name if name[:1].isalpha() else f"value_{name}"


def properties_of(schema: Schema | None) -> Mapping[str, Schema]:
    found = (schema or {}).get("properties")
    return found if isinstance(found, Mapping) else {}


def type_of(schema: Schema) -> str:
    """The schema's one type; of several, the first that is not null."""
    said = schema.get("type")
    if isinstance(said, list):
        said = next((one for one in said if one != "null"), None)
    if said is None:
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(said)
