"""Say what a file is that lies in place of weights: a Git LFS pointer, a web page, an archive, another format."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import NamedTuple, Optional, Sequence

from data_tools.basics.invocation import typed

HEAD_BYTES = 512  # a tar archive is recognised by byte 257; a web page begins within the first line
_TAR_PLACE, _TAR_MAGIC = 257, b"ustar"
_SHORTEST_TEXT = 9  # bytes: "Not Found"; the first bytes of a file that was cut may be letters by chance
_LFS = b"version https://git-lfs.github.com/spec/"
_WEB_PAGE = re.compile(rb"<!doctype html|<html|<head|<\?xml|<!--", re.I)
# A zip archive (PyTorch, NumPy), HDF5 (Keras), or a pickle: protocol 2 to 5, then a dict, a number or a frame.
_OF_OTHER_PROGRAMS = re.compile(rb"PK\x03\x04|\x89HDF|\x80[\x02-\x05][}\]\x8a\x95(c]")
_ANOTHER_DOWNLOAD = f"download the file itself, by `{typed('fetch')}` or in a browser"
_WEIGHT_MEMBERS = (".pth", ".pt", ".pkl", ".ckpt", ".npz", ".safetensors", ".h5", ".hdf5", ".onnx")

TORCHSCRIPT = (
    "is a TorchScript program, not weights; save its weights once in PyTorch: "
    "torch.save(torch.jit.load('FILE').state_dict(), 'weights.pth')"
)


class _Kind(NamedTuple):
    magic: bytes  # the first bytes of the file
    text: str  # what the file is, and what to do


_KINDS = (
    _Kind(b"\x1f\x8b", "is packed by gzip; unpack it (gunzip, or tar xzf) and name the file in it"),
    _Kind(b"BZh", "is packed by bzip2; unpack it (bunzip2, or tar xjf) and name the file in it"),
    _Kind(b"\xfd7zXZ\0", "is packed by xz; unpack it (unxz, or tar xJf) and name the file in it"),
    _Kind(b"\x28\xb5\x2f\xfd", "is packed by Zstandard; unpack it (unzstd) and name the file in it"),
    _Kind(b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive; unpack it (7z x) and name the file in it"),
    _Kind(b"Rar!", "is a RAR archive; unpack it (unrar x) and name the file in it"),
    _Kind(b"\x93NUMPY", "is a single NumPy array (.npy); named arrays are needed, as numpy.savez writes them (.npz)"),
    _Kind(b"%PDF", f"is a PDF document, not weights; {_ANOTHER_DOWNLOAD}"),
    _Kind(b"\x89PNG", "is an image (PNG), not weights; name another file"),
    _Kind(b"\xff\xd8\xff", "is an image (JPEG), not weights; name another file"),
    _Kind(b"\x1bLua", "is a Lua file; weights saved by PyTorch for Python are needed"),
)


def foreign_kind(head: bytes, file_size: int) -> Optional[str]:
    """Say what a file is that is not weights, and what to do. Return None if the file's beginning is not known.

    Args:
        head: The first HEAD_BYTES bytes of the file, or all of a shorter one.
        file_size: In bytes.
    """
    if head.startswith(_LFS):
        return _pointer(head)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _WEB_PAGE.match(text):
        return (
            f"is a web page (HTML) of {file_size} bytes, not weights; some sites send one in place of a large file, as "
            f"Google Drive does; {_ANOTHER_DOWNLOAD}"
        )
    if head[_TAR_PLACE : _TAR_PLACE + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return "is a tar archive; unpack it (tar xf) and name the file in it"
    if head[4:8] == b"TFL3":
        return "is a TensorFlow Lite model; .npz, safetensors, PyTorch, Jittor and Keras weight files can be read"
    for kind in _KINDS:
        if head.startswith(kind.magic):
            return kind.text
    if not head.strip(b"\0"):
        return f"holds zeros only at its beginning: a download that was cut; {_ANOTHER_DOWNLOAD}"
    if len(head) >= _SHORTEST_TEXT and _is_text(head):
        first = text.split(b"\n", 1)[0][:60].decode("utf-8", "replace").strip()
        return f"is a text ({first!a}), not weights; {_ANOTHER_DOWNLOAD}"
    return None


def _pointer(head: bytes) -> str:
    size = re.search(rb"^size (\d{1,18})\s*$", head, re.M)
    whole = f", which has {int(size[1])} bytes" if size else ""
    return (
        f"is a Git LFS pointer, a short text in place of the file itself{whole}; run `git lfs install` and "
        "`git lfs pull` in the repository that it comes from, or download the file itself"
    )


def _is_text(head: bytes) -> bool:
    """Return whether the bytes are printable UTF-8. A character that the end of `head` cuts is left out."""
    try:
        return head.decode("utf-8").replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and error.start > 0 and _is_text(head[: error.start])


def is_torchscript(names: Sequence[str]) -> bool:
    """Return whether a zip archive with members of these names is a TorchScript program. See TORCHSCRIPT."""
    return any(name.endswith("/constants.pkl") or "/code/" in name for name in names)


def foreign_zip(names: Sequence[str]) -> str:
    """Say what a zip archive is that is neither .npz nor PyTorch's, and what to do.

    Args:
        names: Names of its members.
    """
    inside = [name for name in names if name.lower().endswith(_WEIGHT_MEMBERS)]
    if not inside:
        return "a zip archive that is neither .npz (only .npy members) nor PyTorch's (one data.pkl)"
    more = f" and {len(inside) - 1} more" if len(inside) > 1 else ""
    return f"a zip archive that holds {inside[0]!a:.80}{more}; unpack it (unzip) and name the file in it"


def not_a_checkpoint(path: Path) -> Optional[str]:
    """Say what a file is that was named as a checkpoint of this program, and what to do. None if that is not known."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not head:
        return "is empty (0 bytes); copy or download it again"
    if head.startswith(b"PK\x03\x04") and not _is_weight_zip(names := _members(path)):
        return f"is {foreign_zip(names)}"
    if _OF_OTHER_PROGRAMS.match(head):
        return f"holds weights of another program; `{typed('convert')}` makes a checkpoint of published weights"
    return foreign_kind(head, size)


def _members(path: Path) -> Sequence[str]:
    """Return the names in a zip archive; none if it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return ()


def _is_weight_zip(names: Sequence[str]) -> bool:
    """Return whether an archive with members of these names is PyTorch's or NumPy's. A damaged one may be."""
    return all(name.endswith(".npy") for name in names) or any(name.endswith("data.pkl") for name in names)


def one_line(text: str) -> str:
    """Return a text as one printable line of at most 400 characters."""
    line = " ".join(text[:400].split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)
