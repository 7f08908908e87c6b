"""Secrets from AWS Secrets Manager: JSON objects of texts, read when needed and kept a while."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from switchboard.errors import Misconfigured, StateUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEEP_S: Final = 300.0
_ABSENT: Final = frozenset({"ResourceNotFoundException", "InvalidRequestException"})


@dataclass(frozen=True, slots=True)
class _Kept:
    values: Mapping[str, str] = field(repr=False)
    until_s: float


class SecretsManagerSecrets:
    """Secrets below one prefix. A value appears in no message, and in no `repr`."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        prefix: str,
        *,
        keep_s: float = KEEP_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._keep_s = keep_s
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._one_at_a_time = threading.Lock()

    def read(self, name: str) -> Mapping[str, str]:
        """The named secret's texts. An outage is bridged with the copy we have.

        Raises: Misconfigured when it does not exist or is no JSON object of texts,
            StateUnavailable when Secrets Manager does not answer and we have no copy.
        """
        with self._one_at_a_time:
            kept = self._kept.get(name)
            if kept is None or self._clock() >= kept.until_s:
                kept = self._fetched(name, kept)
                self._kept[name] = kept
            return kept.values

    def reader(self, name: str) -> Callable[[], Mapping[str, str]]:
        """For adapters that take a secret without reading it until they need it."""
        return lambda: self.read(name)

    def _fetched(self, name: str, earlier: _Kept | None) -> _Kept:
        secret_id = f"{self._prefix}/{name}"
        try:
            answer = self._client.get_secret_value(SecretId=secret_id)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                raise Misconfigured(f"the secret {secret_id} does not exist") from None
            return self._bridged(secret_id, earlier, error)
        except BotoCoreError as error:
            return self._bridged(secret_id, earlier, error)
        values = _texts(secret_id, answer.get("SecretString", ""))
        return _Kept(values, self._clock() + self._keep_s)

    def _bridged(self, secret_id: str, earlier: _Kept | None, error: Exception) -> _Kept:
        if earlier is None:
            raise StateUnavailable(f"the secret {secret_id} cannot be read now") from error
        return earlier


def _texts(secret_id: str, document: str) -> Mapping[str, str]:
    # Not chained: the text of a JSON error quotes the document.
    try:
        values = json.loads(document)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise Misconfigured(f"the secret {secret_id} must be a JSON object of texts")
    return values
