"""The parser agrees with the phone library's own data: a number of every kind of every region."""

from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from switchboard.domain.identity import Internal, PhoneNumber, Unreadable, read_contact

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = PhoneNumberType.values()


def examples(region: str) -> Iterator[phonenumbers.PhoneNumber]:
    for kind in KINDS:
        if example := phonenumbers.example_number_for_type(region, kind):
            yield example


def written(example: phonenumbers.PhoneNumber, form: int) -> str:
    return phonenumbers.format_number(example, form)


def number_of(example: phonenumbers.PhoneNumber) -> PhoneNumber:
    return PhoneNumber(written(example, PhoneNumberFormat.E164))


@pytest.mark.parametrize("region", REGIONS)
def test_every_form_of_every_kind_of_number_is_read_to_the_same_e164(region: str) -> None:
    for example in examples(region):
        e164 = written(example, PhoneNumberFormat.E164)
        national = written(example, PhoneNumberFormat.NATIONAL)
        international = written(example, PhoneNumberFormat.INTERNATIONAL)
        for form in (
            e164,
            national,
            international,
            written(example, PhoneNumberFormat.RFC3966),
            phonenumbers.national_significant_number(example),
            phonenumbers.format_in_original_format(example, region),
            phonenumbers.format_out_of_country_calling_number(example, region),
            f"tel:{e164};isub=1411",
            f"sip:{e164}@pbx.example.com;user=phone",
            f'"Ada" <sip:{e164}@pbx.example.com>;tag=1',
            f"{international} ext. 12",
            f"{national} x12",
            f"{national} (home)",
        ):
            assert read_contact(form, default_region=region) == number_of(example), form


@pytest.mark.parametrize("region", REGIONS)
def test_every_number_is_read_as_it_is_dialled_from_abroad(region: str) -> None:
    for example in examples(region):
        e164 = written(example, PhoneNumberFormat.E164)
        for home, prefix in (("US", "011"), ("GB", "00")):
            from_home = phonenumbers.format_out_of_country_calling_number(example, home)
            assert read_contact(from_home, default_region=home) == number_of(example)
            dialled = f"{prefix}{e164[1:]}"
            assert read_contact(dialled, default_region=home) == number_of(example)


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
def test_numbers_that_belong_to_no_country_are_read(code: int) -> None:
    example = phonenumbers.example_number_for_non_geo_entity(code)
    assert example is not None

    for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL):
        assert read_contact(written(example, form), default_region="US") == number_of(example)


@pytest.mark.parametrize("region", REGIONS)
def test_what_the_library_knows_to_be_no_number_of_a_region_is_none(region: str) -> None:
    example = phonenumbers.invalid_example_number(region)
    assert example is not None
    assert not phonenumbers.is_valid_number(example)

    contact = read_contact(written(example, PhoneNumberFormat.E164), default_region=region)

    # A complete number may be newer than the library; a shorter one is none.
    if phonenumbers.is_possible_number(example):
        assert contact in {number_of(example), Unreadable()}
    else:
        assert contact in {Unreadable(), Internal()}
