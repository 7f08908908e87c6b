"""The local AWS by hand: `python -m local.aws up | deploy | logs | down`.

`make run` does all of this and starts the contact centre and the CRM beside it.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from local.aws import logs
from local.aws.clients import client
from local.aws.deploy import Deployment, deploy, describe
from local.aws.layer import ensure_layer
from local.aws.ministack import Ministack, StackError, end, running, start
from local.venvs import REPOSITORY, SetupError


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def up(asked: argparse.Namespace) -> None:
    """Start, deploy, and stay until Ctrl-C, or until somebody calls `down`."""
    layer = ensure_layer(asked.home, say)
    with start(asked.home, asked.port, say) as aws:
        tell(deploy(aws, template=asked.template, layer=layer), aws)
        say("Ctrl-C stops it.")
        while running(asked.home, asked.port):
            time.sleep(0.5)


def deploy_again(asked: argparse.Namespace) -> None:
    """Bring the running stack up to the sources as they are now."""
    aws = the_running(asked)
    tell(deploy(aws, template=asked.template, layer=ensure_layer(asked.home, say)), aws)


def show_logs(asked: argparse.Namespace) -> None:
    """Follow the functions' lines until Ctrl-C, or print them once."""
    aws = the_running(asked)
    reader = logs.LogReader(client(aws.endpoint, "logs"), describe(aws).functions)
    once = logs.rendered(reader.new_lines(asked.request_id))
    for line in once if asked.once else logs.follow(reader, asked.request_id):
        say(line)


def down(asked: argparse.Namespace) -> None:
    """Stop a stack that was left running."""
    end(the_running(asked))
    say("Stopped.")


def the_running(asked: argparse.Namespace) -> Ministack:
    """Return the stack of this home, or say that there is none."""
    found = running(asked.home, asked.port)
    if found is None:
        raise StackError(f"no stack of this folder on port {asked.port}; start one with `up`")
    return found


def tell(deployment: Deployment, aws: Ministack) -> None:
    """Print where things are."""
    say(f"API      {deployment.api_url}")
    say(f"AWS      {aws.endpoint}  (any AWS tool: AWS_ENDPOINT_URL={aws.endpoint})")
    say(f"Log      {aws.log}")


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.aws", description=__doc__)
    parser.add_argument("--home", type=Path, default=REPOSITORY / ".local")
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("SWITCHBOARD_AWS_PORT", "4566"))
    )
    parser.add_argument("--template", type=Path, default=REPOSITORY / "template.yaml")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("up", help="start and deploy").set_defaults(run=up)
    commands.add_parser("deploy", help="deploy again").set_defaults(run=deploy_again)
    commands.add_parser("down", help="stop").set_defaults(run=down)
    follow = commands.add_parser("logs", help="follow the functions' lines")
    follow.add_argument("--request-id", help="only the calls that mention this id")
    follow.add_argument("--once", action="store_true", help="print what there is and end")
    follow.set_defaults(run=show_logs)
    return parser.parse_args(argv)


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End on a polite kill as on Ctrl-C, so that MiniStack is stopped too."""
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """Run one command; 1 and the reason when it cannot be done."""
    signal.signal(signal.SIGTERM, interrupt)
    asked = arguments(argv)
    try:
        asked.run(asked)
    except (StackError, SetupError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
