"""Reading the centre file, with single settings changed from the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from local.ecs_emulator.centre import Centre

# The same safe loader, in C where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CentreFileError(Exception):
    """The file cannot be used; the text tells its owner what to change."""


def load(path: Path, overrides: Sequence[str] = ()) -> Centre:
    """The checked centre, after each `KEY=VALUE` has been put in its place.

    Raises: CentreFileError when the file or a setting does not make sense.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506  # is safe
        for override in overrides:
            _put(document, override)
        return Centre.model_validate(document)
    except OSError as error:
        raise CentreFileError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise CentreFileError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        raise CentreFileError(f"{path}: {_told(error)}") from error


def _put(document: Any, override: str) -> None:
    key, equals, text = override.partition("=")
    *way, last = key.split(".")
    if not equals or not last:
        raise CentreFileError("--set takes KEY=VALUE, for example knobs.duplicate_probability=0")
    place = document
    try:
        for name in way:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        # A key of digits and a dot would become a number.
        value = text if way == ["stack"] else yaml.safe_load(text)
        place[int(last) if isinstance(place, list) else last] = value
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise CentreFileError(f"--set {key}: the centre file has no such place") from error


def _told(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, p['loc'])) or 'file'}: {p['msg']}" for p in problems)
