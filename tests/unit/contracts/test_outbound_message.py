"""Salesforce's XML is read, and nothing in it is followed."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.contracts.outbound_message import acknowledgement, read_outbound_message
from switchboard.errors import MalformedRequest
from tests.unit.webhook_cases import ORGANIZATION, notification, outbound_message

ADDRESS = "<sf:MailingAddress><sf:city>London</sf:city></sf:MailingAddress>"
NIL = '<sf:Email xsi:nil="true"/>'


def test_a_message_is_its_organisation_and_its_notifications() -> None:
    message = read_outbound_message(outbound_message(notification(1), notification(2)))

    assert (message["OrganizationId"], message["ActionId"]) == (ORGANIZATION, "04k000000000001AAA")
    assert message["Notification"] == [
        {
            "Id": f"04l00000000000{number}AAA",
            "sObject": {
                "type": "Contact",
                "Id": f"00300000000000{number}AAA",
                "Phone": "(415) 555-0142",
            },
        }
        for number in (1, 2)
    ]


def test_a_field_may_be_null_empty_or_hold_others() -> None:
    fields = f"{NIL}<sf:Title/>{ADDRESS}<sf:Name>Ada &amp; &#66;yron</sf:Name>"

    (only,) = read_outbound_message(outbound_message(notification(1, fields)))["Notification"]

    assert only["sObject"]["Email"] is None
    assert only["sObject"]["Title"] == ""
    assert only["sObject"]["MailingAddress"] == {"city": "London"}
    assert only["sObject"]["Name"] == "Ada & Byron"


def test_the_session_that_opens_the_crm_is_left_behind() -> None:
    assert "a-session-of-theirs" not in str(read_outbound_message(outbound_message(notification())))


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    "<sf:Name>&c;</sf:Name>",
)
FILE = ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>', "<sf:Name>&f;</sf:Name>")


@pytest.mark.parametrize(
    ("before", "fields"),
    [
        BOMB,
        FILE,
        ("<!DOCTYPE x>", ""),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', ""),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd">%p;]>', ""),
        ('<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>', ""),
        ("", "<sf:Name>&undeclared;</sf:Name>"),
        ("", "<?php echo 1 ?>"),
    ],
    ids=["bomb", "file", "empty", "remote", "parameter", "style", "undeclared", "instruction"],
)
def test_a_document_type_and_whatever_comes_with_it_is_refused(before: str, fields: str) -> None:
    with pytest.raises(MalformedRequest):
        read_outbound_message(outbound_message(notification(1, fields), before=before))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<",
        b"{}",
        b"<a/>",
        outbound_message(),
        outbound_message(notification())[:-1],
        outbound_message(notification()).replace(b"2005/09/outbound", b"2099/outbound"),
        outbound_message(notification()).replace(b"xmlsoap.org/soap/envelope", b"example.com"),
        outbound_message(notification(), more="<OrganizationId>other</OrganizationId>"),
        outbound_message(notification(), organization="<x>nested</x>"),
        outbound_message(*(notification() for _ in range(101))),
        outbound_message(notification(1, "<sf:Phone>1</sf:Phone><sf:Phone>2</sf:Phone>")),
        outbound_message(notification(1, "<sf:X>" * 20 + "</sf:X>" * 20)),
        outbound_message(notification(1, "".join(f"<sf:F{n}/>" for n in range(20_001)))),
        outbound_message("<Notification><Id>04l</Id></Notification>"),
        outbound_message(notification().replace("</Id><sObject", "</Id><Id>2</Id><sObject")),
        outbound_message(notification()).decode().encode("utf-16"),
        b"\xff\xfe" + outbound_message(notification()),
    ],
    ids=lambda raw: f"{len(raw)} bytes",
)
def test_what_is_no_outbound_message_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedRequest) as caught:
        read_outbound_message(raw)

    assert "555-0142" not in str(caught.value)


def test_a_document_cannot_choose_its_encoding() -> None:
    raw = outbound_message(notification(1, "<sf:Name>+AF8-</sf:Name>"))
    other = raw.replace(b'encoding="UTF-8"', b'encoding="utf-7"')

    assert read_outbound_message(other) == read_outbound_message(raw)


@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 50))
def test_any_bytes_are_a_message_or_a_refusal(noise: bytes, position: int, length: int) -> None:
    raw = outbound_message(notification())
    try:
        message = read_outbound_message(raw[:position] + noise + raw[position + length :])
    except MalformedRequest:
        return
    assert isinstance(message["OrganizationId"], str)
    assert all(isinstance(one["sObject"], dict) for one in message["Notification"])


@pytest.mark.parametrize(("is_kept", "text"), [(True, "true"), (False, "false")])
def test_the_answer_says_whether_everything_is_kept(is_kept: bool, text: str) -> None:
    envelope = ElementTree.fromstring(acknowledgement(is_kept=is_kept))

    acknowledged = envelope.find(
        "{http://schemas.xmlsoap.org/soap/envelope/}Body/"
        "{http://soap.sforce.com/2005/09/outbound}notificationsResponse/"
        "{http://soap.sforce.com/2005/09/outbound}Ack"
    )
    assert acknowledged is not None
    assert acknowledged.text == text
