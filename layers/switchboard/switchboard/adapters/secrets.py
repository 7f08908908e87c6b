"""Secrets from AWS Secrets Manager: JSON objects of texts, read when needed and kept a while."""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.errors import Misconfigured, StateUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEEP_S: Final = 300.0
# While it is refused, somebody is about to replace it; Secrets Manager bills for each reading.
_KEEP_REFUSED_S: Final = 15.0
_ABSENT: Final = frozenset({"ResourceNotFoundException", "InvalidRequestException"})


class SecretsManagerSecrets:
    """Secrets below one prefix. A value appears in no message, and in no `repr`."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        prefix: str,
        *,
        keep_s: float = KEEP_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._prefix = prefix.rstrip("/")
        # A caller's lookup waits for it, and the CRM says which credential is too old.
        lifetime = Lifetime(fresh_s=keep_s, usable_s=math.inf, idle_s=math.inf)
        self._copies: LastGoodCopies[Mapping[str, str]] = LastGoodCopies(
            lambda _: lifetime, clock=clock
        )

    def read(self, name: str) -> Mapping[str, str]:
        """The named secret's texts. An outage is bridged with the copy we have.

        Raises: Misconfigured when it does not exist or is no JSON object of texts,
            StateUnavailable when Secrets Manager does not answer and we have no copy.
        """
        return self._copies.get(name, lambda: self._fetched(name))

    def is_refused(self, name: str) -> None:
        """What stands in it was refused: look soon whether it was replaced."""
        self._copies.ask_again(name, after_s=_KEEP_REFUSED_S)

    def reader(self, name: str) -> Callable[[], Mapping[str, str]]:
        """For adapters that take a secret without reading it until they need it."""
        return lambda: self.read(name)

    def _fetched(self, name: str) -> Mapping[str, str]:
        secret_id = f"{self._prefix}/{name}"
        try:
            answer = self._client.get_secret_value(SecretId=secret_id)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                raise Misconfigured(f"the secret {secret_id} does not exist") from None
            raise _unavailable(secret_id) from error
        except BotoCoreError as error:
            raise _unavailable(secret_id) from error
        if answer.keys() == {"ResponseMetadata"}:
            # What the SDK makes of half an answer after its last try.
            raise _unavailable(secret_id)
        return _texts(secret_id, answer.get("SecretString", ""))


def _unavailable(secret_id: str) -> StateUnavailable:
    return StateUnavailable(f"the secret {secret_id} cannot be read now")


def _texts(secret_id: str, document: str) -> Mapping[str, str]:
    # Not chained: the text of a JSON error quotes the document.
    try:
        values = json.loads(document)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise Misconfigured(f"the secret {secret_id} must be a JSON object of texts")
    return values
