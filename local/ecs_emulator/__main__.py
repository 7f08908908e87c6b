"""`python -m local.ecs_emulator`: run the emulator until it is told to stop."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from local.ecs_emulator.centre import Centre
from local.ecs_emulator.centre_file import CentreFileError, load
from local.ecs_emulator.server import HOST, PortTakenError, serving

_DEFAULT_CENTRE = Path(__file__).with_name("centre.yaml")


def main() -> int:
    """Serve; 0 after SIGTERM or Ctrl-C, 2 when it could not begin."""
    options = _options()
    try:
        centre = load(options.centre, options.set)
        return _serve(centre, options.port, os.environ.get("ECS_EMULATOR_API_KEY", ""))
    except CentreFileError as error:
        return _refuse(str(error))
    except PortTakenError:
        told = f"Port {options.port} on {HOST} is taken; choose another with --port."
        return _refuse(told)


def _serve(centre: Centre, port: int, api_key: str) -> int:
    if not api_key and centre.knobs.api_auth == "header_key":
        told = "Set ECS_EMULATOR_API_KEY, or use --set knobs.api_auth=none to go without."
        return _refuse(told)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s ecs-emulator %(message)s", stream=sys.stderr
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with serving(centre, port=port, api_key=api_key) as served:
        logging.getLogger(__name__).info("listening url=%s", served.url)
        stop.wait()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.ecs_emulator", description=__doc__)
    default_port = int(os.environ.get("SWITCHBOARD_ECS_PORT", "4570"))
    parser.add_argument("--port", type=int, default=default_port)
    parser.add_argument("--centre", type=Path, default=_DEFAULT_CENTRE, help="the centre file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting, for example knobs.duplicate_probability=0",
    )
    return parser.parse_args()


def _refuse(message: str) -> int:
    sys.stderr.write(f"ecs-emulator: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
