"""Signed statements about ourselves (JWT, RS256). The private key stays in AWS KMS."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from switchboard.errors import Misconfigured, StateUnavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

# What a person has to mend; everything else may pass.
_NOT_USABLE: Final = frozenset(
    {
        "AccessDeniedException",
        "DisabledException",
        "InvalidArnException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
        "ValidationException",
    }
)


class Signer(Protocol):
    """Signs with a private key that it never shows."""

    def sign(self, key: str, message: bytes) -> bytes:
        """The RS256 signature (RSASSA-PKCS1-v1_5 over SHA-256) by the named key; up to 4 KB.

        Raises: Misconfigured when the key cannot be used, StateUnavailable for an outage.
        """


class KmsSigner:
    """Signs with an asymmetric RSA key of AWS KMS; `client` is asked for when first needed."""

    def __init__(self, client: "Callable[[], KMSClient]") -> None:
        self._client = client

    def sign(self, key: str, message: bytes) -> bytes:
        try:
            answer = self._client().sign(
                KeyId=key,
                Message=message,
                MessageType="RAW",
                SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
            )
        except ClientError as error:
            raise _failure(error) from None
        except BotoCoreError as error:
            raise StateUnavailable(
                f"signing with KMS got no answer ({type(error).__name__}); try again"
            ) from None
        return answer["Signature"]


def signed_jwt(claims: Mapping[str, Any], *, key: str, signer: Signer) -> str:
    """A compact JWS of the claims. Source: RFC 7515, section 7.1; RFC 7519.

    Raises: what the signer raises.
    """
    message = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = signer.sign(key, message.encode("ascii"))
    return f"{message}.{_base64url(signature)}"


def _failure(error: ClientError) -> Misconfigured | StateUnavailable:
    # Only KMS's code: its text quotes the key's address and who we are.
    code = error.response.get("Error", {}).get("Code", "no error code")
    if code in _NOT_USABLE:
        return Misconfigured(
            f"the signing key cannot be used ({code}); see the setting that names it"
        )
    return StateUnavailable(f"signing with KMS failed ({code}); try again")


def _encoded(part: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(part, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
