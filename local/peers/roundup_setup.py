"""Roundup's environment and tracker, made on first use."""

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.venvs import Say, environment_python

from . import HOST, private_file
from .process import run_once

_PLUGINS = Path(__file__).with_name("plugins")


@dataclass(frozen=True, slots=True)
class RoundupFolder:
    """Where one Roundup lives: its programs, and its state."""

    programs: Path
    state: Path

    @property
    def tracker(self) -> Path:
        return self.state / "tracker"

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.state / "lib"), "HOME": str(self.state)}

    @property
    def password(self) -> str:
        """The administrator's, made up for this folder."""
        return private_file.kept(self.state / "password", lambda: secrets.token_urlsafe(18))

    def server(self, port: int, path: str, calls_per_minute: int) -> list[str]:
        script = _PLUGINS / "roundup" / "serve.py"
        python = str(self.programs / "python")
        return [python, str(script), str(self.tracker), str(port), path, str(calls_per_minute)]


def prepare(home: Path, state: Path, say: Say) -> RoundupFolder:
    """Everything up to the point where the server can be started."""
    folder = RoundupFolder(environment_python(home, "roundup", say).parent, state)
    state.mkdir(parents=True, exist_ok=True)
    made = state / "made"
    if not made.exists():
        say("Making Roundup's tracker (once) …")
        shutil.rmtree(folder.tracker, ignore_errors=True)
        _make_tracker(folder)
        made.touch()
    _install_detector(folder)
    return folder


def _make_tracker(folder: RoundupFolder) -> None:
    settings = {
        # The server sets the true address when it starts.
        "tracker_web": f"http://{HOST}/",
        "mail_domain": "example.com",
        "mail_host": "localhost",
        # Roundup mails each new message; here the mails end in a file.
        "mail_debug": str(folder.state / "mail.log"),
        "admin_email": "admin@example.com",
        # Basic authentication hashes the password with each call. Ours is long and random, so the
        # rounds that protect a person's are not needed, and a call takes a sixth of the time.
        "password_pbkdf2_default_rounds": "1000",
    }
    listed = ",".join(f"{name}={value}" for name, value in settings.items())
    admin = [str(folder.programs / "roundup-admin"), "-i", str(folder.tracker)]
    run_once([*admin, "install", "classic", "sqlite", listed], environment=folder.environment)
    # The password is an argument of this program; it opens nothing but this tracker on loopback.
    run_once([*admin, "initialise", folder.password], environment=folder.environment)


def _install_detector(folder: RoundupFolder) -> None:
    library = folder.state / "lib"
    library.mkdir(exist_ok=True)
    shutil.copy(_PLUGINS / "delivery.py", library)
    shutil.copy(_PLUGINS / "roundup" / "call_back.py", folder.tracker / "detectors")
