"""Text that others wrote, as a terminal may show it."""


def printable(text: str) -> str:
    """The text without what would steer the terminal; line breaks stay."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)
