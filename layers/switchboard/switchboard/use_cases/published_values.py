"""Reading what was published: one value after another, each of the kind that it must be.

Documents are checked when they are published, and every key is written into them then. What does
not fit here comes from another version of Switchboard, or from another hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from switchboard.domain.customer import Scalar
from switchboard.errors import Misconfigured

T = TypeVar("T")


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Raises: Misconfigured when what is read in the block lacks something or has it wrong."""
    try:
        yield
    except (ValueError, LookupError, OSError) as error:  # the last two for an unknown time zone
        raise Misconfigured(f"{kind}: {error}; publish it again with this version") from error


def value_of(document: Mapping[str, Any], key: str, *kinds: type[T]) -> T:
    """A value of one of these kinds.

    Raises: ValueError naming the key.
    """
    if not isinstance(document, Mapping) or key not in document:
        raise ValueError(f"{key} is missing")
    value = document[key]
    if not isinstance(value, kinds):
        raise ValueError(f"{key} is of another kind")  # noqa: TRY004  published, not passed
    return value


def scalar_of(document: Mapping[str, Any], key: str) -> Scalar:
    """One value of any kind, or none.

    Raises: ValueError naming the key.
    """
    value: Scalar = value_of(document, key, str, int, float, type(None))
    return value


def word_of(document: Mapping[str, Any], key: str, words: Iterable[T]) -> T:
    """One of our words.

    Raises: ValueError naming the key.
    """
    said = value_of(document, key, str)
    for word in words:
        if word == said:
            return word
    raise ValueError(f"{key} is a word that this version does not know")


def texts_of(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Raises: ValueError naming the key."""
    return tuple(str(text) for text in value_of(document, key, list))
