"""Follow what the functions say, one readable line each.

A line can be read here when its call is over: MiniStack hands a call's lines on together.
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

PLATFORM_LINES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")
# Powertools writes these on every line; they say nothing the reader does not know.
EVERYDAY_KEYS = frozenset(
    {
        "cold_start",
        "function_arn",
        "function_memory_size",
        "function_name",
        "level",
        "location",
        "message",
        "sampling_rate",
        "service",
        "timestamp",
        "xray_trace_id",
    }
)


@dataclass(frozen=True)
class LogLine:
    """One line a function wrote, and the call it belongs to."""

    job: str
    call: str
    at_ms: int
    text: str


class LogReader:
    """Reads the functions' log groups and remembers how far it came."""

    def __init__(self, logs: Any, functions: dict[str, str], since_ms: int = 0) -> None:
        self._logs = logs
        self._groups = {job: f"/aws/lambda/{name}" for job, name in functions.items()}
        self._since_ms = dict.fromkeys(functions, since_ms)
        self._read: set[str] = set()

    def new_lines(self, request_id: str | None = None) -> list[LogLine]:
        """Return what was written since the last time, oldest first.

        With a request id: all lines of every call that mentions it, the calls it caused included.
        """
        lines = [line for job in self._groups for line in self._new_lines_of(job)]
        calls = {line.call for line in lines if request_id is None or request_id in line.text}
        return sorted(
            (line for line in lines if line.call in calls and is_own_line(line.text)),
            key=lambda line: line.at_ms,
        )

    def _new_lines_of(self, job: str) -> list[LogLine]:
        # MiniStack gives every call a stream of its own and writes it in one go.
        fresh = [e for e in self._events(job) if e["logStreamName"] not in self._read]
        self._read.update(event["logStreamName"] for event in fresh)
        newest = max((event["timestamp"] for event in fresh), default=0)
        self._since_ms[job] = max(self._since_ms[job], newest)
        return [LogLine(job, e["logStreamName"], e["timestamp"], e["message"]) for e in fresh]

    def _events(self, job: str) -> Iterator[dict[str, Any]]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._groups[job], startTime=self._since_ms[job]
        )
        for page in pages:
            yield from page["events"]


def is_own_line(text: str) -> bool:
    """Say whether the function wrote this, rather than Lambda around it; metrics are left out."""
    return bool(text.strip()) and not text.startswith(PLATFORM_LINES) and '"_aws":' not in text


def readable(line: LogLine) -> str:
    """Render one line: the job, then what it said, then the facts."""
    return f"{line.job:<20} {said(line.text)}"


def said(text: str) -> str:
    """Turn a structured line into words and `key=value`; anything else stays as it is."""
    try:
        record = json.loads(text)
    except ValueError:
        return text.rstrip()
    if not isinstance(record, dict) or "message" not in record:
        return text.rstrip()
    facts = " ".join(f"{k}={plain(v)}" for k, v in record.items() if k not in EVERYDAY_KEYS)
    return f"{record.get('level', ''):<7} {plain(record['message'])}  {facts}".rstrip()


def plain(value: object) -> str:
    """Write text as it is and everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def follow(reader: LogReader, request_id: str | None, pause_s: float = 0.5) -> Iterator[str]:
    """Yield readable lines for as long as somebody listens."""
    while True:
        yield from rendered(reader.new_lines(request_id))
        time.sleep(pause_s)


def rendered(lines: Iterable[LogLine]) -> Iterator[str]:
    """Yield lines as a person reads them."""
    return (readable(line) for line in lines)
