"""Build the Lambda layer: the package, its dependencies, and their bytecode.

Lambda's file system is read-only and `sam build` ships no bytecode, so without this every cold
start would compile some eight hundred modules again. The bytecode belongs to one interpreter:
run this under the Python that will import it.

    python3.13 build_layer.py --out DIR [--platform arm64|host] [--zip FILE] [--cache DIR]

`sam build` copies only this folder before it calls our Makefile, hence one file, standard
library only, that needs nothing outside.
"""

import argparse
import compileall
import hashlib
import importlib.util
import os
import platform
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TEMPLATE_PYTHON = (3, 13)
SIZE_LIMIT_MB = 12.0
HERE = Path(__file__).resolve().parent
PACKAGE = "switchboard"

# botocore describes some four hundred services; we speak to these.
AWS_SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sqs"})
# Of their descriptions, those of calls that nobody makes, and half a megabyte of examples.
DESCRIPTIONS_UNUSED = ("examples-*.json", "paginators-*.json", "waiters-*.json")
ARM64_TAGS = ("manylinux_2_28_aarch64", "manylinux2014_aarch64")
# What installers leave for themselves. Licences and METADATA stay.
INSTALLER_NOTES = frozenset({"RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json"})
UNUSED_FOLDERS = frozenset({"__pycache__", "bin", "examples", "test", "tests"})
# Utilities of Powertools that no function imports, a fifth of it. `utilities.parser` stays: the
# batch utility imports it.
POWERTOOLS_UNUSED = frozenset(
    {"auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka",
     "parameters", "streaming"}
)  # fmt: skip
# A page that tries an API out, which no function shows, and a second copy of the zones in tzdata.
FILES_UNUSED = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui*",
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
)
# Connector files are for people; what runs is what was compiled of them and published.
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.yaml")
UNCHECKED_HASH = 1  # the flags word of a .pyc that is never compared with its source (PEP 552)
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class LayerError(Exception):
    """The layer cannot be built, or would not be good enough to ship."""


@dataclass(frozen=True)
class Sizes:
    """What the layer weighs, in megabytes."""

    unpacked_mb: float
    zipped_mb: float

    def __str__(self) -> str:
        return f"layer: {self.unpacked_mb:.1f} MB unpacked, {self.zipped_mb:.1f} MB zipped"


def build(out: Path, target: str, zip_file: Path, cache: Path) -> Sizes:
    """Fill `out/python` and write `zip_file`; dependencies come from `cache` when unchanged.

    Raises: LayerError when wheels are missing, bytecode is missing, or the zip is too large.
    """
    refuse_the_wrong_python(target)
    dependencies = ensure_dependencies(cache, target)
    python = out / "python"
    shutil.rmtree(python, ignore_errors=True)
    shutil.copytree(dependencies / "python", python, copy_function=link_or_copy)
    shutil.copytree(HERE / PACKAGE, python / PACKAGE, ignore=NOT_SHIPPED)
    compile_bytecode(python / PACKAGE, root=python)
    check_bytecode(python)
    write_zip(dependencies / "dependencies.zip", python / PACKAGE, python, zip_file)
    sizes = Sizes(megabytes(*files_below(python)), megabytes(zip_file))
    if sizes.zipped_mb > SIZE_LIMIT_MB:
        raise LayerError(f"{sizes}, more than the {SIZE_LIMIT_MB:.0f} MB we allow")
    return sizes


def refuse_the_wrong_python(target: str) -> None:
    """Bytecode of one minor version is useless to another."""
    if target == "arm64" and sys.version_info[:2] != TEMPLATE_PYTHON:
        wanted = ".".join(map(str, TEMPLATE_PYTHON))
        raise LayerError(f"run this with python{wanted}, the template's runtime")


def ensure_dependencies(cache: Path, target: str) -> Path:
    """Return the folder of installed, trimmed, compiled dependencies; make it if it is new."""
    ready = cache / f"{target}-{dependency_key(target)}"
    if ready.is_dir():
        return ready
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        fresh = Path(scratch) / "fresh"
        python = fresh / "python"
        install(python, target)
        trim(python)
        compile_bytecode(python, root=python)
        check_bytecode(python)
        write_dependency_zip(python, fresh / "dependencies.zip")
        if not ready.exists():  # somebody may have built the same beside us
            fresh.rename(ready)
    return ready


def dependency_key(target: str) -> str:
    """Name what the dependencies depend on: requirements, interpreter, machine, this recipe."""
    machine = "aarch64" if target == "arm64" else platform.machine()
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {machine}".encode())
    for file in (HERE / "requirements.txt", Path(__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


# ── Installing ───────────────────────────────────────────────────────────────────────────────


def install(into: Path, target: str) -> None:
    """Install the pinned wheels, never source archives."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    command = uv_command(uv, into, target) if uv else pip_command(into, target)
    # Our own command line, built from constants and paths of this build.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise LayerError(f"installing the dependencies failed:\n{done.stderr.strip()}")


def uv_command(uv: str, into: Path, target: str) -> list[str]:
    """Install with uv: seconds, and no pip needed in this interpreter."""
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--python", sys.executable, "--target", str(into)]
    if target == "arm64":
        command += ["--python-platform", "aarch64-manylinux_2_28"]
    return [*command, "--requirement", str(HERE / "requirements.txt")]


def pip_command(into: Path, target: str) -> list[str]:
    """Install with this interpreter's own pip."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--target", str(into)]
    if target == "arm64":
        tags = [option for tag in ARM64_TAGS for option in ("--platform", tag)]
        command += [*tags, "--implementation", "cp"]
        command += ["--python-version", ".".join(map(str, TEMPLATE_PYTHON))]
    return [*command, "--requirement", str(HERE / "requirements.txt")]


# ── Trimming ─────────────────────────────────────────────────────────────────────────────────


def trim(python: Path) -> None:
    """Remove what no function ever opens."""
    for doomed in list(unused_paths(python)):
        if doomed.is_dir():
            shutil.rmtree(doomed)
        elif doomed.exists():
            doomed.unlink()


def unused_paths(python: Path) -> Iterator[Path]:
    """Yield folders and files that can go."""
    for data in (python / "botocore" / "data", python / "boto3" / "data"):
        # Plain files there (endpoints, partitions, retry rules) serve every client: they stay.
        yield from (d for d in data.glob("*") if d.is_dir() and d.name not in AWS_SERVICES)
        for name in DESCRIPTIONS_UNUSED:
            yield from data.glob(f"*/*/{name}")
    utilities = python / "aws_lambda_powertools" / "utilities"
    yield from (utilities / name for name in POWERTOOLS_UNUSED)
    for name in FILES_UNUSED:
        yield from python.glob(name)
    yield from (path for path in python.rglob("*") if is_unused(path))


def is_unused(path: Path) -> bool:
    """Say whether a file or folder only serves people who develop or type-check the library."""
    if path.is_dir():
        return path.name in UNUSED_FOLDERS
    if path.parent.suffix == ".dist-info":
        return path.name in INSTALLER_NOTES
    return path.suffix == ".pyi" or path.name == ".lock"


# ── Bytecode ─────────────────────────────────────────────────────────────────────────────────


def compile_bytecode(folder: Path, root: Path) -> None:
    """Write hash-based bytecode that is trusted as it is.

    Zipping rounds times and Lambda unpacks with its own, so bytecode that carries its source's
    time would be thrown away at every start.
    """
    compileall.compile_dir(
        folder,
        quiet=2,
        force=True,
        stripdir=str(root),
        prependdir="/opt/python",  # where Lambda mounts layers; also keeps our paths out
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def check_bytecode(python: Path) -> None:
    """Raise LayerError unless every module's bytecode is there and is trusted unchecked."""
    bad = [str(s.relative_to(python)) for s in python.rglob("*.py") if not is_trusted(s)]
    if bad:
        raise LayerError(f"{len(bad)} modules without trusted bytecode, the first: {min(bad)}")


def is_trusted(source: Path) -> bool:
    """Say whether Python will load this module without looking at its source."""
    compiled = Path(importlib.util.cache_from_source(str(source)))
    if not compiled.is_file():
        return False
    head = compiled.read_bytes()[:8]
    flags = int.from_bytes(head[4:8], "little")
    return head[:4] == importlib.util.MAGIC_NUMBER and flags == UNCHECKED_HASH


# ── Zipping ──────────────────────────────────────────────────────────────────────────────────


def write_dependency_zip(python: Path, zip_file: Path) -> None:
    """Zip the dependencies once; building our own code anew starts from a copy of it."""
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED) as archive:
        add_files(archive, python, root=python)


def write_zip(dependencies: Path, package: Path, python: Path, zip_file: Path) -> None:
    """Write the layer's zip: the same content always gives the same bytes."""
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(dependencies, zip_file)
    with zipfile.ZipFile(zip_file, "a", zipfile.ZIP_DEFLATED) as archive:
        add_files(archive, package, root=python)


def add_files(archive: zipfile.ZipFile, folder: Path, root: Path) -> None:
    """Add a folder's files under `python/`, sorted, all of one date and one mode."""
    for file in files_below(folder):
        entry = zipfile.ZipInfo(f"python/{file.relative_to(root).as_posix()}", ZIP_EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, file.read_bytes())


def files_below(folder: Path) -> list[Path]:
    """List a folder's files in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def megabytes(*files: Path) -> float:
    """Add up file sizes, in megabytes."""
    return sum(file.stat().st_size for file in files) / 1_000_000


def link_or_copy(source: str, target: str) -> None:
    """Link instead of copying thirty megabytes, where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Build the switchboard Lambda layer.")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets python/")
    parser.add_argument("--platform", choices=["arm64", "host"], default="arm64")
    parser.add_argument("--zip", type=Path, help="also keep the zip here")
    parser.add_argument("--cache", type=Path, help="keep installed dependencies here")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Build and print the sizes; 1 and the reason when it cannot be done."""
    asked = arguments(argv)
    with tempfile.TemporaryDirectory() as scratch:
        zip_file = asked.zip or Path(scratch) / "layer.zip"
        cache = asked.cache or Path(scratch) / "cache"
        try:
            sizes = build(asked.out, asked.platform, zip_file, cache)
        except LayerError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    sys.stdout.write(f"{sizes}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
