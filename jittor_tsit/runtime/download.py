"""Download a file whole, go on after a cut, and check its size and SHA-256. Uses the standard library.

The variables http_proxy, https_proxy and no_proxy are honoured, as `urllib` does.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Optional

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.progress import progress_bar

PART = ".part"  # appended to the name of a file that is not complete
TIMEOUT = 30  # seconds without a byte; slow sites pause for some seconds
ATTEMPTS = 3  # connections of one call; a longer series of cuts is told, and the next call goes on
_BLOCK = 1 << 20  # bytes read at once
_AGAIN = "run the same command again to go on"


class _Cut(Exception):
    """The connection ended before the file did."""


def download(url: str, target: Path, size: Optional[int], sha256: str) -> None:
    """Download a file to the path `target`. It appears there only when it is complete and checked.

    What was loaded before a cut is kept as `target` + PART, and the next call goes on there.

    Args:
        size: In bytes; None if the publisher does not say it.
        sha256: 64 hexadecimal digits, or the first of them as far as they are published; empty: do not check.

    Raises:
        InputError: The server cannot be reached or refuses; the connection was cut; the disk lacks room; or size or
            SHA-256 differ, and what was loaded is removed.
    """
    make_folder(target.parent)
    part = target.with_name(target.name + PART)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _continue(url, part, size)
            break
        except _Cut as cut:
            if attempt == ATTEMPTS:
                raise InputError(f"{url}: {cut}; {_AGAIN}") from None
    _require_sound(url, part, size, sha256)
    os.replace(part, target)


def _continue(url: str, part: Path, size: Optional[int]) -> None:
    """Load what is missing of the file `part`."""
    start = part.stat().st_size if part.exists() else 0
    if size is not None and start >= size:
        return  # complete, or wrong; the check will tell
    _require_room(part.parent, (size or 0) - start)
    request = urllib.request.Request(url, headers={"User-Agent": "jittor_tsit"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with urllib.request.build_opener().open(request, timeout=TIMEOUT) as answer:  # reads the proxies anew
            if answer.status != http.client.PARTIAL_CONTENT:
                start = 0  # the server sends the file from its beginning
            _copy(answer, part, start)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            return  # nothing is missing
        raise InputError(
            f"{url}: the server answers {error.code} {error.reason}; look for the file on its publisher's page (fetch "
            f"--list names it) and save it as {part.with_suffix('')}"
        ) from None
    except (urllib.error.URLError, http.client.HTTPException, socket.timeout, ConnectionError) as error:
        if part.exists() and part.stat().st_size > start:
            raise _Cut(f"the connection was cut at {part.stat().st_size} bytes") from None
        reason = getattr(error, "reason", error)
        raise InputError(f"{url}: cannot be reached ({reason}); check the network and https_proxy; {_AGAIN}") from None


def _copy(answer, part: Path, start: int) -> None:
    """Append what the server sends to the first `start` bytes of a file, and show a progress bar.

    Raises:
        _Cut: The server sent less than it announced.
        InputError: The disk lacks room for the rest.
    """
    announced = answer.headers.get("Content-Length")
    total = start + int(announced) if announced else None
    _require_room(part.parent, (total or start) - start)
    with open(part, "ab" if start else "wb") as file, progress_bar(
        desc=part.stem, total=total, initial=start, unit="B", unit_scale=True, leave=False
    ) as bar:
        while True:
            block = answer.read(_BLOCK)
            if not block:
                break
            file.write(block)
            bar.update(len(block))
    done = part.stat().st_size
    if total is not None and done < total:
        raise _Cut(f"the connection was cut at {done} of {total} bytes")


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{folder}: {needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free on this disk; make room, or "
            "name a folder on another disk"
        )


def _require_sound(url: str, part: Path, size: Optional[int], sha256: str) -> None:
    """Check size and SHA-256 of a complete file. A wrong file is removed."""
    found, digest = part.stat().st_size, sha256_of(part)
    faults = [f"has {found} bytes; {size} are expected"] if size not in (None, found) else []
    faults += [] if digest.startswith(sha256) else [f"has SHA-256 {digest}; {sha256} is expected"]
    if faults:
        part.unlink()
        raise InputError(f"{url}: what the server sent {' and '.join(faults)}; it was removed, try again later")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()
