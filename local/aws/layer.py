"""Build the layer for this machine, with the same recipe that builds it for Lambda.

Lambda mounts a layer. MiniStack unpacks it anew for every worker, 28 MB and 2,600 files each,
which makes ten cold starts take twenty seconds instead of five. So what is deployed locally is
a layer of one file that points to the folder where the real one has been built.
"""

import hashlib
import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

from local.venvs import REPOSITORY, Say, SetupError, one_at_a_time, silently, stack_python, uv

RECIPE = REPOSITORY / "layers" / "switchboard" / "build_layer.py"
# Python runs the import lines of .pth files in a layer's site-packages.
POINTER = "python/lib/python3/site-packages/switchboard_layer.pth"
KEPT_FOR_S = 86_400


def ensure_layer(home: Path, say: Say = silently) -> Path:
    """Return the zip to deploy for the layer as the sources are now.

    The first time installs the dependencies; after that it takes under half a second. A layer
    that changed is another folder, so a running stack keeps what it has until it is deployed to.
    """
    python = stack_python(home, say)
    layers = home / "layers"
    with one_at_a_time(home / "layers.lock"):
        say(build(python, layers))
        digest = hashlib.sha256((layers / "new.zip").read_bytes()).hexdigest()[:16]
        folder = layers / digest
        if not folder.exists():
            (layers / "new").rename(folder)
            write_pointer(folder)
        folder.touch()
        forget_old(layers)
    return folder / "pointer.zip"


def build(python: Path, layers: Path) -> str:
    """Run the recipe and return what it says about sizes."""
    shutil.rmtree(layers / "new", ignore_errors=True)
    command = [str(python), str(RECIPE), "--platform", "host", "--out", str(layers / "new")]
    command += ["--zip", str(layers / "new.zip"), "--cache", str(layers / "cache")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=with_installer()
    )
    if done.returncode:
        raise SetupError(done.stderr.strip())
    return done.stdout.strip()


def with_installer() -> dict[str, str]:
    """Our environment, with uv on the path.

    The recipe runs on MiniStack's Python, which has no installer of its own.
    """
    path = f"{Path(uv()).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}


def write_pointer(folder: Path) -> None:
    """Write the layer of one file; in front of everything MiniStack itself has installed."""
    line = f"import sys; sys.path.insert(0, {str(folder / 'python')!r})\n"
    with zipfile.ZipFile(folder / "pointer.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(POINTER), line)


def forget_old(layers: Path) -> None:
    """Remove layers nobody has asked for in a day."""
    too_old = time.time() - KEPT_FOR_S
    for pointer in layers.glob("*/pointer.zip"):
        if pointer.parent.stat().st_mtime < too_old:
            shutil.rmtree(pointer.parent)
