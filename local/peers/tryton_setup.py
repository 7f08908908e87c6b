"""Tryton's environment, database and module, made on first use."""

import hashlib
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.venvs import Say, environment_python

from . import HOST, private_file
from .process import run_once

DATABASE = "switchboard"
_MODULE = "switchboard_signal"
_PLUGINS = Path(__file__).with_name("plugins")
_CONFIGURATION = """\
[database]
uri = sqlite://
path = {data}
[web]
listen = {host}:{port}
"""
# Tryton logs the address of every request, and a search's address holds what was searched for.
_LOGGING = """\
[loggers]
keys = root, werkzeug
[handlers]
keys = stderr
[formatters]
keys =
[logger_root]
level = WARNING
handlers = stderr
[logger_werkzeug]
qualname = werkzeug
level = WARNING
handlers =
[handler_stderr]
class = StreamHandler
args = ()
"""


@dataclass(frozen=True, slots=True)
class TrytonFolder:
    """Where one Tryton lives: its programs, and its state."""

    programs: Path
    state: Path

    @property
    def configuration(self) -> Path:
        return self.state / "trytond.conf"

    @property
    def logging(self) -> Path:
        return self.state / "logging.conf"

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.state / "modules"), "HOME": str(self.state)}

    @property
    def password_file(self) -> Path:
        """Holds the administrator's password, made up for this folder."""
        file = self.state / "password"
        private_file.kept(file, lambda: secrets.token_urlsafe(18))
        return file

    @property
    def server(self) -> list[str]:
        return [*self.command("trytond"), "--logconf", str(self.logging)]

    def command(self, program: str) -> list[str]:
        return [str(self.programs / program), "-c", str(self.configuration), "-d", DATABASE]


def prepare(home: Path, state: Path, port: int, say: Say) -> TrytonFolder:
    """Everything up to the point where the server can be started."""
    folder = TrytonFolder(environment_python(home, "tryton", say).parent, state)
    data = state / "data"
    data.mkdir(parents=True, exist_ok=True)
    folder.configuration.write_text(
        _CONFIGURATION.format(data=data, host=HOST, port=port), encoding="utf-8"
    )
    folder.logging.write_text(_LOGGING, encoding="utf-8")
    _install_module(state / "modules")
    _update_database(folder, data / f"{DATABASE}.sqlite", say)
    return folder


def _install_module(modules: Path) -> None:
    """Lay our module out as an installed distribution, which is where Tryton looks for modules."""
    shutil.rmtree(modules, ignore_errors=True)
    shutil.copytree(
        _PLUGINS / "tryton", modules / _MODULE, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(_PLUGINS / "delivery.py", modules / _MODULE)
    description = modules / f"{_MODULE}-1.dist-info"
    description.mkdir()
    (description / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {_MODULE}\nVersion: 1\n")
    (description / "entry_points.txt").write_text(f"[trytond.modules]\n{_MODULE} = {_MODULE}\n")


def _update_database(folder: TrytonFolder, database: Path, say: Say) -> None:
    """Make the tables, or bring them up to our module as it is now."""
    made_from = folder.state / "made-from"
    wanted = _digest(folder.state / "modules" / _MODULE)
    if made_from.exists() and made_from.read_text("utf-8") == wanted:
        return
    say("Making Tryton's database (once, some ten seconds) …")
    if not made_from.exists():
        # What an interrupted attempt left is neither empty nor complete. trytond-admin fills an
        # empty file, and refuses to make one.
        database.write_bytes(b"")
    run_once(
        [
            *folder.command("trytond-admin"),
            *("-u", "ir", "res", "party", _MODULE, "--activate-dependencies"),
            *("--email", "admin@example.com", "-p"),
        ],
        environment={**folder.environment, "TRYTONPASSFILE": str(folder.password_file)},
    )
    made_from.write_text(wanted, encoding="utf-8")


def _digest(module: Path) -> str:
    content = hashlib.sha256()
    for file in sorted(module.iterdir()):
        if file.is_file():
            content.update(file.read_bytes())
    return content.hexdigest()
