"""S3 as far as a function needs it that puts things aside: put, get, list, delete. Path style."""

from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from bench.posting_proof.wire import Visit

_NOTHING = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"


class Buckets:
    """All of them, each object by ``bucket/key``."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self.puts = 0

    @property
    def left(self) -> int:
        return len(self._objects)

    def do(self, visit: Visit) -> tuple[int, bytes]:
        """Status and body."""
        path = urlsplit(visit.path)
        name = unquote(path.path).strip("/")
        match visit.method:
            case "PUT":
                self.puts += 1
                self._objects[name] = visit.body
                return 200, b""
            case "DELETE":
                self._objects.pop(name, None)
                return 204, b""
        if "list-type" in path.query:
            asked = parse_qs(path.query)
            return 200, self._listed(name, asked["prefix"][0], asked.get("start-after", [""])[0])
        found = self._objects.get(name)
        return (404, _NOTHING) if found is None else (200, found)

    def _listed(self, bucket: str, prefix: str, after: str) -> bytes:
        keys = sorted(name.removeprefix(f"{bucket}/") for name in self._objects)
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key>"
            f"<Size>{len(self._objects[f'{bucket}/{key}'])}</Size></Contents>"
            for key in keys
            if key.startswith(prefix) and key > after
        )
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        ).encode()
