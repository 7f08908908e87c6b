"""A file that is made from the code: written, or compared with what the code makes now."""

import argparse
import sys
from pathlib import Path


def write_or_check(file: Path, text: str, arguments: list[str], *, tool: str, told: str) -> int:
    """Write it; with --check, say whether it is current. The exit code."""
    command = f"python -m tools.{tool}"
    parser = argparse.ArgumentParser(prog=command, description=told)
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    if not parser.parse_args(arguments).check:
        file.write_text(text, encoding="utf-8")
        return 0
    written = file.read_text(encoding="utf-8") if file.is_file() else ""
    if written != text:
        sys.stderr.write(f"{file.name} is not current: {command}\n")
    return int(written != text)
