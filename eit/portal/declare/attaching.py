"""Files that people save: under a name of ours, and never shown by the browser."""

from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
CHUNK_BYTES = 1 << 16


def attachment(content: bytes, name: str) -> Response:
    """A file to be saved."""
    return Response(content, media_type=_media(name), headers=_headers(name))


def streamed(content: IO[bytes], name: str) -> Response:
    """A large file to be saved; it is closed once it is sent."""
    return StreamingResponse(_parts(content), media_type=_media(name), headers=_headers(name))


def _media(name: str) -> str:
    return MEDIA.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _parts(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        while part := content.read(CHUNK_BYTES):
            yield part
