"""Reads curl commands, and the answers pasted below them, as the description of an API.

Rule: no secret and no person of the pasted text goes into the draft. A key becomes the name of a
secret, a number or an address becomes an input, and of an answer only its shape is kept.
"""

import base64
import binascii
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from cli.draft_api import Answer, Api, DraftError, Operation, Parameter
from cli.draft_openapi import shape_of
from cli.personal import looks_like_email, looks_like_phone

_KEY_HEADER: Final = re.compile(
    r"(?i)^(x-.*(key|token|auth|secret).*|.*api-?key.*|.*-token|token|.*subscription-key)$"
)
_KEY_PARAMETER: Final = re.compile(r"(?i)^(api_?key|key|token|access_token|apikey|auth|sig)$")
_NOT_OURS: Final = frozenset(
    ("accept", "accept-encoding", "connection", "content-length", "content-type", "cookie",
     "host", "origin", "referer", "user-agent")
)  # fmt: skip
_AN_ID: Final = re.compile(r"(?=.*\d)[A-Za-z0-9_.-]{1,64}")
_A_VERSION: Final = re.compile(r"v?\d{1,2}(\.\d{1,3})?|api\d*|\d{4}-\d\d(-\d\d)?")
_STATUS_LINE: Final = re.compile(r"HTTP/[\d.]+ (\d{3})[^\n]*\n(?:[\w-]+:[^\n]*\n)*\s*")
_DATA: Final = frozenset(
    {"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json", "--data-urlencode"}
)
_WITH_VALUE: Final = frozenset(
    ("-o", "--output", "-b", "--cookie", "-A", "--user-agent", "-e", "--referer", "-m",
     "--max-time", "--connect-timeout", "--cacert", "-E", "--cert", "--key", "-w", "--write-out",
     "--retry", "-x", "--proxy", "-c", "--cookie-jar", "--resolve", "-D", "--dump-header")
)  # fmt: skip
_REFUSED: Final = frozenset({"-F", "--form", "-T", "--upload-file", "-K", "--config"})


@dataclass
class Command:
    """One curl command, and the answer below it."""

    url: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    user: str = ""
    data: list[str] = field(default_factory=list)
    encoded: list[str] = field(default_factory=list)
    is_json: bool = False
    is_get: bool = False
    status: int = 0
    answer: Any = None
    is_answered: bool = False

    @property
    def verb(self) -> str:
        has_body = (self.data or self.encoded) and not self.is_get
        return (self.method or ("POST" if has_body else "GET")).upper()

    @property
    def query(self) -> list[tuple[str, str]]:
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        return [*pairs, *(self.form if self.is_get else [])]

    @property
    def form(self) -> list[tuple[str, str]]:
        """Fields of `-d a=b`; a value that begins with @ is a file, and nothing is read."""
        plain = parse_qsl("&".join(self.data), keep_blank_values=True)
        pairs = (text.partition("=")[::2] for text in self.encoded)
        return [*plain, *pairs]

    @property
    def body(self) -> Any:
        """The JSON body; None when there is none."""
        try:
            return json.loads("&".join(self.data)) if self.data else None
        except ValueError:
            return None


def read_curl(text: str) -> Api:
    """The API that these commands speak with.

    Raises: DraftError when there is no command, or one that cannot be read.
    """
    commands = list(_commands(text))
    if not commands:
        raise DraftError("there is no curl command in this text")
    tokens = [one for one in commands if _is_token_request(one)]
    calls = [one for one in commands if not _is_token_request(one)]
    if not calls:
        raise DraftError("there is only the request for a token; add the requests that use it")
    servers = {_origin(one.url) for one in calls}
    if len(servers) > 1:
        raise DraftError(f"one connector has one server; these are {', '.join(sorted(servers))}")
    decisions: list[str] = []
    auth, secrets = _auth(calls, tokens, decisions)
    if any(one.url.startswith("http://") for one in calls) and not _is_here(calls[0].url):
        decisions.append("The commands use http. Only https leaves this machine.")
    return Api(
        title="In-house CRM",
        server=_server(calls),
        auth=auth,
        secrets=secrets,
        operations=[_operation(one, _server(calls)) for one in calls],
        decisions=decisions,
        headers=_common_headers(calls, str(auth.get("name", ""))),
    )


def _commands(text: str) -> Iterator[Command]:
    joined = re.sub(r"\\\r?\n", " ", text)
    starts = [found.start() for found in re.finditer(r"(?m)^[ \t]*(?:\$ +)?curl\s", joined)]
    for start, end in zip(starts, [*starts, len(joined)][1:], strict=True):
        yield _read(joined[start:end])


def _read(piece: str) -> Command:
    said, answer = _split(piece)
    try:
        parts = shlex.split(said.strip().removeprefix("$").strip(), comments=True)
    except ValueError as error:
        raise DraftError(f"a curl command cannot be read: {error}") from None
    command = Command()
    _take(command, parts[1:])
    if not urlsplit(command.url).netloc:
        raise DraftError("a curl command names no complete address (https://…)")
    _note_answer(command, answer)
    return command


def _split(piece: str) -> tuple[str, str]:
    """A command, and what stands below it. A quote that is open goes on over the line's end."""
    lines = piece.splitlines()
    for count in range(1, len(lines) + 1):
        said = "\n".join(lines[:count])
        try:
            shlex.split(said, comments=True)
        except ValueError:
            continue
        return said, "\n".join(lines[count:])
    return piece, ""


def _take(command: Command, parts: Sequence[str]) -> None:
    rest = list(_flags(parts))
    while rest:
        part = rest.pop(0)
        if part in _REFUSED:
            raise DraftError(f"`curl {part}` (files) has no counterpart in a connector")
        if part in _WITH_VALUE:
            rest[:1] = []
        elif (take := _taker(part)) and rest:
            take(command, rest.pop(0))
        elif part in {"-G", "--get"}:
            command.is_get = True
        elif not part.startswith("-") and not command.url:
            _take_url(command, part)


def _taker(flag: str) -> Callable[[Command, str], None] | None:
    if flag in _DATA:
        return partial(_take_data, flag)
    return _TAKERS.get(flag)


def _take_method(command: Command, value: str) -> None:
    command.method = value


def _take_header(command: Command, value: str) -> None:
    name, _, said = value.partition(":")
    command.headers[name.strip()] = said.strip()


def _take_user(command: Command, value: str) -> None:
    command.user = value


def _take_token(command: Command, value: str) -> None:
    command.headers["Authorization"] = f"Bearer {value}"


def _take_url(command: Command, value: str) -> None:
    command.url = value if "://" in value else f"https://{value}"


_TAKERS: Final[Mapping[str, Callable[[Command, str], None]]] = {
    "-X": _take_method, "--request": _take_method, "-H": _take_header, "--header": _take_header,
    "-u": _take_user, "--user": _take_user, "--oauth2-bearer": _take_token, "--url": _take_url,
}  # fmt: skip


def _flags(parts: Sequence[str]) -> Iterator[str]:
    """`-XPOST` and `--data=x` as two parts."""
    for part in parts:
        long, equals, value = part.partition("=")
        if part.startswith("--") and equals and (long in _DATA or long in {"--url", "--request"}):
            yield from (long, value)
        elif len(part) > 2 and part[:2] in {"-X", "-H", "-d", "-u"}:
            yield from (part[:2], part[2:])
        else:
            yield part


def _take_data(flag: str, command: Command, value: str) -> None:
    if value.startswith("@"):
        raise DraftError("`-d @file` names a file that is not here; paste its content instead")
    if flag == "--data-urlencode":
        command.encoded.append(value)
    else:
        command.data.append(value)
    command.is_json = command.is_json or flag == "--json"


def _note_answer(command: Command, text: str) -> None:
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    text = text.strip()
    status = _STATUS_LINE.match(f"{text}\n")
    if status:
        command.status, command.is_answered = int(status[1]), True
        text = text[status.end() :].strip()
    starts = [position for position in (text.find("{"), text.find("[")) if position >= 0]
    if not starts:
        return
    try:
        command.answer, _ = json.JSONDecoder().raw_decode(text[min(starts) :])
    except (ValueError, RecursionError):
        raise DraftError("the text below a curl command is no JSON answer") from None
    command.is_answered = True


def _is_token_request(command: Command) -> bool:
    granted = dict(command.form).get("grant_type") or ""
    body = command.body
    if isinstance(body, Mapping):
        granted = granted or str(body.get("grant_type") or "")
    return bool(granted)


def _auth(
    calls: Sequence[Command], tokens: Sequence[Command], decisions: list[str]
) -> tuple[dict[str, Any], list[str]]:
    if tokens:
        return _oauth(tokens[0], decisions)
    for call in calls:
        if found := _auth_of(call):
            return found
    decisions.append("The commands carry no credential: is there really none?")
    return {"scheme": "none"}, []


def _auth_of(call: Command) -> tuple[dict[str, Any], list[str]] | None:
    basic = {
        "scheme": "basic", "username": "${secret.username}", "password": "${secret.password}",
    }  # fmt: skip
    if call.user:
        return basic, ["username", "password"]
    for name, value in call.headers.items():
        if name.lower() == "authorization":
            scheme = value.partition(" ")[0].lower()
            if scheme == "basic":
                return basic, ["username", "password"]
            if scheme == "bearer":
                return {"scheme": "bearer", "token": "${secret.access_token}"}, ["access_token"]
            word = value.partition(" ")[0] if " " in value else ""
            template = f"{word} ${{secret.api_key}}".strip()
            return {"scheme": "header", "name": name, "value": template}, ["api_key"]
        if _KEY_HEADER.match(name):
            return {"scheme": "header", "name": name, "value": "${secret.api_key}"}, ["api_key"]
    for name, _ in call.query:
        if _KEY_PARAMETER.match(name):
            return {"scheme": "query", "name": name, "value": "${secret.api_key}"}, ["api_key"]
    return None


def _oauth(token: Command, decisions: list[str]) -> tuple[dict[str, Any], list[str]]:
    form = dict(token.form)
    address = token.url.partition("?")[0]
    auth: dict[str, Any] = {"token_url": address}
    if not (token.user or _has_basic(token)):
        auth["client_auth"] = "body"
    if form.get("scope"):
        auth["scope"] = form["scope"]
    if form.get("grant_type") == "refresh_token":
        secrets = ["client_id", "client_secret", "refresh_token"]
        return {"scheme": "oauth2_refresh", **auth}, secrets
    if form.get("grant_type") != "client_credentials":
        decisions.append(
            f"The token comes from a login ({form.get('grant_type', 'unknown')}); a machine needs"
            " client credentials or a refresh token."
        )
    return {"scheme": "oauth2_client_credentials", **auth}, ["client_id", "client_secret"]


def _has_basic(command: Command) -> bool:
    return any(
        name.lower() == "authorization" and value.lower().startswith("basic ")
        for name, value in command.headers.items()
    )


def _operation(command: Command, server: str) -> Operation:
    parts = urlsplit(command.url)
    base = urlsplit(server).path
    path = parts.path.removeprefix(base) or "/"
    segments, parameters = _path(path, command)
    asked = [(name, value) for name, value in command.query if not _KEY_PARAMETER.match(name)]
    parameters += [
        Parameter(name, "query", shape_of(_typed(value)), is_required=True) for name, value in asked
    ]
    body = command.body if not command.is_get else None
    is_form = body is None and not command.is_get and bool(command.form)
    schema = (
        shape_of(dict(command.form)) if is_form else shape_of(body) if body is not None else None
    )
    return Operation(
        method=command.verb,
        path=segments,
        parameters=tuple(parameters),
        body=schema,
        is_form=is_form,
        answers=tuple(_answers(command)),
    )


def _answers(command: Command) -> Iterator[Answer]:
    if command.is_answered:
        has_body = command.answer is not None
        yield Answer(command.status or 200, shape_of(command.answer) if has_body else None)


def _path(path: str, command: Command) -> tuple[str, list[Parameter]]:
    """The path with a hole for each segment that is a value: a number, an address, an id."""
    segments: list[str] = []
    parameters: list[Parameter] = []
    before = ""
    for position, segment in enumerate(path.split("/")):
        said = unquote(segment)
        name = _hole_for(said, before, is_last=position == path.count("/"), verb=command.verb)
        if name and name not in {one.name for one in parameters}:
            parameters.append(Parameter(name, "path", {"example": said}, is_required=True))
            segments.append(f"{{{name}}}")
        else:
            segments.append(segment)
            before = said
    return "/".join(segments), parameters


def _hole_for(said: str, before: str, *, is_last: bool, verb: str) -> str:
    if looks_like_email(said):
        return "email"
    if looks_like_phone(said) and len(said) >= 7:
        return "phone"
    if _AN_ID.fullmatch(said) and not _A_VERSION.fullmatch(said):
        singular = before.rstrip("s") or "record"
        # A PUT makes the record that its own last segment names.
        return "external_id" if verb == "PUT" and is_last else f"{singular}_id"
    return ""


def _typed(value: str) -> Any:
    return int(value) if value.isdecimal() and len(value) <= 4 else value


def _server(calls: Sequence[Command]) -> str:
    """The origin, and the path segments that all addresses begin with, if they look like a base."""
    paths = [urlsplit(one.url).path.split("/")[1:] for one in calls]
    base = []
    for segments in zip(*paths, strict=False):
        if len(set(segments)) > 1 or not re.fullmatch(r"api|rest|v?\d+(\.\d+)?", segments[0]):
            break
        base.append(segments[0])
    return _origin(calls[0].url) + "".join(f"/{segment}" for segment in base)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def _common_headers(calls: Sequence[Command], own: str) -> dict[str, str]:
    """Headers that every call carries and that hold no secret, such as a version or a tenant."""
    first = calls[0].headers
    return {
        name: value
        for name, value in first.items()
        if name.lower() not in _NOT_OURS | {"authorization", own.lower()}
        and not _KEY_HEADER.match(name)
        and not _is_secret(value)
        and all(call.headers.get(name) == value for call in calls)
    }


def _is_secret(value: str) -> bool:
    """A long value without words is not written down, even under an innocent name."""
    if len(value) < 20 or " " in value:
        return False
    try:
        base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value))
    return True
