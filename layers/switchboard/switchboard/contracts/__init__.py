"""What crosses our edges, as pydantic models."""
