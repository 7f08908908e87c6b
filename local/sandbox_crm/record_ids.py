"""The ids callers see: a prefix that says what it is, and a number."""

CUSTOMER = "C-"
ACTIVITY = "A-"
CASE = "K-"
LONGEST_NUMBER = 15  # digits; any more would not fit the database


def number_in(record_id: str, prefix: str) -> int | None:
    """The number inside an id, or None when it cannot be one with this prefix."""
    digits = record_id.removeprefix(prefix)
    if digits == record_id or not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) if len(digits) <= LONGEST_NUMBER else None
