"""Where an application sends its webhooks, and the secret it signs them with."""

import base64
import json
import secrets
from pathlib import Path

from . import private_file
from .plugins.delivery import HOOK_FILE_VARIABLE

_SECRET_BYTES = 32


class WebhookTarget:
    """A file that the application reads at each delivery."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._file = folder / "webhook.json"
        self.secret = private_file.kept(folder / "webhook-secret", _new_secret)
        # A target from an earlier run may be another program by now.
        self.point_at("")

    def point_at(self, url: str) -> None:
        private_file.write(self._file, json.dumps({"url": url, "secret": self.secret}))

    @property
    def environment(self) -> dict[str, str]:
        """What tells the application's process where the file is."""
        return {HOOK_FILE_VARIABLE: str(self._file)}


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
