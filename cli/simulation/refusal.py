"""Why there is no forecast, and what to do about it."""


class CannotSimulate(Exception):
    """Sentences for the person at the terminal: no forecast is better than a bad one."""
