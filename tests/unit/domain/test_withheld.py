"""A contact that does not say who it is, in the words of many networks and languages."""

import pytest

from switchboard.domain.identity import PhoneNumber, Unreadable, Withheld, read_contact


def read(raw: str | None, region: str = "US") -> object:
    return read_contact(raw, default_region=region)


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "   ",
        "<>",
        "sip:",
        "@",
        "tel:",
        "anonymous",
        "Anonymous",
        "PRIVATE",
        '"Restricted"',
        "(private)",
        "Private Number",
        "private-number",
        "NO_CALLER_ID",
        "Unavailable",
        "unknown",
        "N/A",
        "P",
        "O",
        "Out of Area",
        "unbekannt",
        "Rufnummer unterdrückt",
        "RUFNUMMER UNTERDRUCKT",
        "privé",
        "Numéro masqué",
        "número oculto",
        "numero sconosciuto",
        "não identificado",
        "anoniem",
        "okänt nummer",
        "Numer zastrzeżony",
        "Скрытый номер",
        "άγνωστος",
        "חסוי",
        "رقم خاص",
        "非通知",
        "未知号码",
        "발신자 표시 제한",
    ],
)
def test_a_word_for_nobody_is_withheld(written: str | None) -> None:
    assert read(written) == Withheld()


@pytest.mark.parametrize(
    "written",
    [
        "sip:anonymous@anonymous.invalid",
        "sip:c8oqz84zk7z@anonymous.invalid",
        '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        "sip:anonymous@pbx.example.com",
        "sip:Restricted@192.0.2.7",
        "sip:unknown@unknown.invalid",
        "anonymous@anonymous.invalid",
        "tel:anonymous",
        "Anonymous <>",
    ],
)
def test_an_anonymous_caller_at_a_sip_host_is_withheld(written: str) -> None:
    assert read(written) == Withheld()


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "000",
        "0000000000",
        "+0000000000",
        "000-000-0000",
        "+10000000000",
        "+266696687",
        "+2562533",
        "+7378742833",
        "+8656696",
        "+86282452253",
        "sip:+266696687@pbx.example.com",
        "*67 415 555 0142",
        "*674155550142",
        "#31#4155550142",
    ],
)
def test_numbers_that_networks_send_for_nobody_are_withheld(written: str) -> None:
    assert read(written) == Withheld()


def test_a_number_that_only_looks_like_one_of_those_is_somebody_s() -> None:
    assert read("266 696 687", "PT") == PhoneNumber("+351266696687")
    assert read("(737) 874-2833") == PhoneNumber("+17378742833")


def test_a_name_that_says_nothing_hides_no_number() -> None:
    sent = '"Anonymous" <sip:+14155550142@pbx.example.com>'

    assert read(sent) == PhoneNumber("+14155550142")


@pytest.mark.parametrize("written", ["Priya", "Ann Onymous", "privateer", "Oo", "unknown soldier"])
def test_a_name_is_not_a_word_for_nobody(written: str) -> None:
    assert read(written) == Unreadable()
