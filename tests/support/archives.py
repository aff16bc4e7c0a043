"""What lies in an archive, and in the archives within it."""

import io
import zipfile
from collections.abc import Iterator


def unpacked(content: bytes) -> Iterator[bytes]:
    """Every part of a ZIP archive; of a part that is one, its parts."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            yield from unpacked(part) if part[:2] == b"PK" else (part,)
