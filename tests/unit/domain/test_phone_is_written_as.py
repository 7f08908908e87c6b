"""Being quick to say that a text is another number never says so of the same one."""

import random

import phonenumbers
import pytest

from switchboard.domain.phone import is_written_as, read_phone

MARKS = " ()-./+0123456789;x"


@pytest.mark.parametrize("seed", range(5))
def test_a_text_is_a_number_exactly_when_it_is_read_as_that_number(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        region = rng.choice(sorted(phonenumbers.SUPPORTED_REGIONS))
        example = phonenumbers.example_number(region)
        if example is None:
            continue
        form = rng.choice([0, 1, 2, 3])
        written = list(phonenumbers.format_number(example, form))
        for _ in range(rng.randint(0, 3)):
            written.insert(rng.randrange(len(written) + 1), rng.choice(MARKS))
        text = "".join(written)
        numbers = {
            read_phone(text, default_region=region),
            read_phone(phonenumbers.format_number(example, 0), default_region=region),
        } - {None}
        for number in numbers:
            assert number is not None
            is_read_so = read_phone(text, default_region=region) == number
            assert is_written_as(number, text, default_region=region) is is_read_so
