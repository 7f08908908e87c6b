"""Personal data and secrets of these tests, and what must never repeat them."""

import json
import re
from collections.abc import Iterable
from typing import Final

from local.sandbox_crm.webhook import SECRET_PREFIX
from tests.local.sandbox_crm.harness import CREDENTIALS, WEBHOOK_SECRET

NAME: Final = "Ada Byron"
NUMBER: Final = "+14155550142"
ADDRESS: Final = "ada@example.com"
REMARK: Final = "canary remark: the dog is called Babbage"
STRANGER: Final = "+14155550199"
STRANGERS_ADDRESS: Final = "stranger@example.com"
ECS_KEY: Final = "the-emulators-key"
DESK_KEY: Final = "the key that desk links of these tests are signed with"
EDITOR_KEY: Final = "the key that links to the editor are signed with in these tests"

PERSONAL: Final = (
    "ada byron",
    "byron",
    "analytical engines",
    "marchetti",
    "4155550142",
    "2125550134",
    "1632960123",
    "4155550199",
    "4155550160",
    ADDRESS,
    STRANGERS_ADDRESS,
    "babbage",
)
SECRETS: Final = (
    CREDENTIALS.client_secret,
    WEBHOOK_SECRET.removeprefix(SECRET_PREFIX),
    ECS_KEY,
    DESK_KEY,
    EDITOR_KEY,
)


def leaks(text: str, *, secrets: Iterable[str] = SECRETS) -> list[str]:
    """Every canary that the text repeats, numbers in whatever way they are written."""
    lower = text.lower()
    closed_up = re.sub(r"(?<=\d)[^\da-z\"{}\[\],:]{1,2}(?=\d)", "", lower)
    found = [one for one in PERSONAL if one in lower or one in closed_up]
    return found + ["a secret" for one in secrets if one in text or json.dumps(one)[1:-1] in text]
