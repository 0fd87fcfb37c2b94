"""Small weight files and checkpoints, and damaged ones in intact containers."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import tempfile
import zipfile
from pathlib import Path
from random import Random
from typing import List, Sequence

import numpy as np
from safetensors.numpy import save

from experiments.fuzz.mutations import damage
from jittor_tsit.conversion.torch_writer import write_torch
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, save_checkpoint

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
ARRAYS = {"conv.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array([7])}
_SAFETENSORS_HEAD = 8  # bytes at the start of a safetensors file: the length of its JSON header
_TRAILER = b"HCAJSLHD"  # the end of Jittor's weight files, after a SHA-1

# Opcodes that occur in pickles of weights, and opcodes that must be refused.
OPCODES = [
    b"}",
    b"]",
    b")",
    b"(",
    b"t",
    b"u",
    b"s",
    b"a",
    b"e",
    b"R",
    b"b",
    b"Q",
    b"N",
    b"\x88",
    b"\x85",
    b"\x86",
    b"\x87",
    b"q\x00",
    b"q\x01",
    b"h\x00",
    b"h\x01",
    b"r\xff\xff\xff\x7f",
    b"\x94",
    b"K\x02",
    b"J\xff\xff\xff\x7f",
    b"J\x00\x00\x00\x80",
    b"\x8a\x08" + b"\xff" * 7 + b"\x7f",
    b"X\x01\x00\x00\x00w",
    b"X\x07\x00\x00\x00storage",
    b"U\x02f4",
    b"C\x04\x00\x00\x80?",
    b"ctorch\nFloatStorage\n",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ccollections\nOrderedDict\n",
    b"cnumpy.core.multiarray\n_reconstruct\n",
    b"cnumpy\nndarray\n",
    b"cnumpy\ndtype\n",
    b"c_codecs\nencode\n",
    b"cjittor.jittor_core\nVar\n",
    b"cposix\nsystem\n",
    b"cbuiltins\neval\n",
    b"\x93",
    b"2",
    b"0",
    b"1",
    b"\x8c\x02f4",
    b"G\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"\x81",
    b"\x82\x01",
    b"I99\n",
    b"L99L\n",
    b"F1e9\n",
    b"S'x'\n",
    b"P7\n",
    b"o",
]


def weights() -> List[bytes]:
    """A weight file of each format that we read."""
    compressed = io.BytesIO()
    np.savez_compressed(compressed, **ARRAYS)
    plain = io.BytesIO()
    np.savez(plain, **ARRAYS)
    jittor_files = [_jittor_file(pickle.dumps(ARRAYS, protocol)) for protocol in (2, 4)]
    files = [save(ARRAYS), compressed.getvalue(), plain.getvalue(), *jittor_files]
    with tempfile.TemporaryDirectory() as folder:
        write_torch(Path(folder, "x.pth"), dict(ARRAYS))
        files.append(Path(folder, "x.pth").read_bytes())
    return files + [path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.suffix in (".pt", ".pkl")]


def checkpoints() -> List[bytes]:
    """A checkpoint as `train` writes it, and two safetensors files that are not checkpoints."""
    options = {"system": "tsit", "config": {"width": 2}, "data": {"root": "x"}, "run": {"seed": 0}, "phases": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        save_checkpoint(
            path, Checkpoint({f"G.{name}": array for name, array in ARRAYS.items()}, Progress(2, 1), options)
        )
        files = [path.read_bytes(), save(ARRAYS), save(ARRAYS, {"format": "pt"})]
    heads = [json.dumps(_head(content), sort_keys=True).encode() for content in files]
    return [_safetensors(head, _data(content)) for head, content in zip(heads, files)]


def random_pickle(rng: Random) -> bytes:
    """A pickle of random opcodes, some of them repeated very often."""
    opcodes = [rng.choice(OPCODES) * (rng.choice((1, 1, 1, 1, 1, 1, 3, 20_000))) for _ in range(rng.randint(1, 30))]
    return b"\x80\x02" + b"".join(opcodes) + b"."


def damaged_pickle(rng: Random, files: Sequence[bytes]) -> bytes:
    """A damaged or random pickle in one of the containers for pickles, with a correct checksum."""
    pickled = random_pickle(rng) if rng.random() < 0.3 else damage(rng, _pickle_in(rng.choice(files)), files)
    if rng.random() < 0.5:
        return _jittor_file(pickled)
    members = {"net/data.pkl": pickled, "net/data/0": bytes(24), "net/version": b"3\n"}
    return _zip(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def damaged_zip(rng: Random, files: Sequence[bytes]) -> bytes:
    """A zip archive in which one member or its name is damaged. The checksums are correct."""
    content = rng.choice([each for each in files if each.startswith(b"PK")])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(members))
    if rng.random() < 0.2:
        members[rng.choice(("../" + name, "/" + name, name * 50, "net/data.pkl", name.upper()))] = members[name]
    elif rng.random() < 0.1:
        members[name] = bytes(rng.choice((1 << 20, 200 << 20)))  # a few hundred kB once compressed
        return _zip(members, zipfile.ZIP_DEFLATED)
    else:
        members[name] = damage(rng, members[name], files)
    return _zip(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))


def damaged_safetensors(rng: Random, files: Sequence[bytes]) -> bytes:
    """A safetensors file with damage in its JSON header or in the JSON of its metadata. Its length is correct."""
    content = rng.choice([each for each in files if each[4:9] == b"\0\0\0\0{"])
    table = _head(content)
    head = json.dumps(table).encode()
    inner = table.get("__metadata__", {})
    if inner and rng.random() < 0.7:
        name = rng.choice(sorted(inner))
        inner[name] = damage(rng, inner[name].encode(), [head]).decode(errors="replace")
        head = json.dumps(table).encode()
    else:
        head = damage(rng, head, files)
    return _safetensors(head, _data(content))


def _head(content: bytes) -> dict:
    """The JSON header of a safetensors file."""
    return json.loads(content[_SAFETENSORS_HEAD : -len(_data(content)) or None])


def _data(content: bytes) -> bytes:
    """The arrays' bytes of a safetensors file."""
    return content[_SAFETENSORS_HEAD + int.from_bytes(content[:_SAFETENSORS_HEAD], "little") :]


def _safetensors(head: bytes, data: bytes) -> bytes:
    """A safetensors file, always with the same bytes. The library writes its metadata in a random order."""
    return struct.pack("<Q", len(head)) + head + data


def _pickle_in(content: bytes) -> bytes:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(archive.namelist()[0])
    return content


def _jittor_file(pickled: bytes) -> bytes:
    """A pickle in the container of Jittor's own weight files."""
    return pickled + hashlib.sha1(pickled).digest() + _TRAILER


def _zip(members, compression: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()
