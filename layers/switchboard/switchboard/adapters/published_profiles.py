"""Posting profiles, from the document that was published."""

from collections.abc import Mapping
from typing import Any

from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.posting import PostingConfiguration, Tables, Templates
from switchboard.domain.posting_profile import FieldMapping, PostingProfile


def read_posting_profiles(document: Mapping[str, Any]) -> tuple[PostingProfile, ...]:
    """Raises: Misconfigured that names every wrong key, or the template that cannot be read."""
    read = read_configuration(PostingConfiguration, document, kind="posting")
    return read.posting_profiles(_mapped)


def _mapped(templates: Templates, tables: Tables) -> FieldMapping:
    # Only profiles with templates make a start wait for the template language.
    from switchboard.adapters.connector.field_templates import field_templates

    return field_templates(templates, tables)
