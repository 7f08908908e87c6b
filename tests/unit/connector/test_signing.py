"""JWTs signed in KMS verify with the public key, by somebody else's arithmetic."""

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto import mock_aws

from switchboard.adapters.connector.signing import KmsSigner, signed_jwt
from switchboard.errors import Misconfigured, StateUnavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

CLAIMS = {"iss": "id", "sub": "robot@example.com", "aud": "https://login.example.com", "exp": 1}


@pytest.fixture
def kms() -> "Iterator[KMSClient]":
    with mock_aws():
        yield boto3.client("kms", region_name="eu-west-2")


@pytest.fixture
def key(kms: "KMSClient") -> str:
    made = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    kms.create_alias(AliasName="alias/crm", TargetKeyId=made["KeyMetadata"]["KeyId"])
    return "alias/crm"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def public_key(kms: "KMSClient", key: str) -> RSAPublicKey:
    loaded = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(loaded, RSAPublicKey)
    return loaded


def test_a_statement_verifies_with_the_public_key(kms: "KMSClient", key: str) -> None:
    statement = signed_jwt(CLAIMS, key=key, signer=KmsSigner(lambda: kms))

    message, _, signature = statement.rpartition(".")
    public_key(kms, key).verify(decoded(signature), message.encode(), PKCS1v15(), SHA256())
    header, claims = (json.loads(decoded(part)) for part in message.split("."))
    assert header == {"alg": "RS256", "typ": "JWT"}
    assert claims == CLAIMS


def test_a_changed_statement_does_not_verify(kms: "KMSClient", key: str) -> None:
    statement = signed_jwt(CLAIMS, key=key, signer=KmsSigner(lambda: kms))

    message, _, signature = statement.rpartition(".")
    with pytest.raises(InvalidSignature):
        public_key(kms, key).verify(
            decoded(signature), f"{message}x".encode(), PKCS1v15(), SHA256()
        )


def test_a_statement_has_no_padding_and_nothing_to_escape(kms: "KMSClient", key: str) -> None:
    statement = signed_jwt({"sub": "é" * 5}, key=key, signer=KmsSigner(lambda: kms))

    assert set(statement) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    )


def test_a_key_that_is_not_there_is_a_setting_to_mend(kms: "KMSClient") -> None:
    with pytest.raises(Misconfigured, match=r"signing key cannot be used \(NotFoundException\)"):
        KmsSigner(lambda: kms).sign("alias/another", b"message")


def test_an_outage_of_kms_is_told_without_what_was_signed() -> None:
    class Unreachable:
        def sign(self, **arguments: object) -> object:
            raise EndpointConnectionError(endpoint_url="https://kms.example.com")

    with pytest.raises(StateUnavailable) as caught:
        KmsSigner(lambda: Unreachable()).sign("alias/crm", b"message")  # type: ignore[arg-type,return-value]

    assert str(caught.value) == (
        "signing with KMS got no answer (EndpointConnectionError); try again"
    )


def test_the_client_is_built_when_something_is_signed() -> None:
    def nobody() -> "KMSClient":
        raise AssertionError("nothing was to be signed")

    KmsSigner(nobody)
