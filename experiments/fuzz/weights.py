"""Weight files and checkpoints: small ones, and damaged ones whose containers are right."""

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
_SAFETENSORS_HEAD = 8  # bytes: the length of its JSON
_TRAILER = b"HCAJSLHD"  # of Jittor's files, behind a SHA-1

# What pickles of weights are made of, and what they must not hold.
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
    """A file of each format that is read."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **ARRAYS)
    plain = io.BytesIO()
    np.savez(plain, **ARRAYS)
    files = [save(ARRAYS), packed.getvalue(), plain.getvalue(), *(_framed(pickle.dumps(ARRAYS, p)) for p in (2, 4))]
    with tempfile.TemporaryDirectory() as folder:
        write_torch(Path(folder, "x.pth"), dict(ARRAYS))
        files.append(Path(folder, "x.pth").read_bytes())
    return files + [path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.suffix in (".pt", ".pkl")]


def checkpoints() -> List[bytes]:
    """A file as `train` writes it, and safetensors files that are none."""
    options = {"system": "tsit", "config": {"width": 2}, "data": {"root": "x"}, "run": {"seed": 0}, "phases": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        save_checkpoint(
            path, Checkpoint({f"G.{name}": array for name, array in ARRAYS.items()}, Progress(2, 1), options)
        )
        files = [path.read_bytes(), save(ARRAYS), save(ARRAYS, {"format": "pt"})]
    return [_sealed(json.dumps(_head(content), sort_keys=True).encode(), _data(content)) for content in files]


def random_pickle(rng: Random) -> bytes:
    """A pickle of opcodes that mean little together, some of them very often."""
    opcodes = [rng.choice(OPCODES) * (rng.choice((1, 1, 1, 1, 1, 1, 3, 20_000))) for _ in range(rng.randint(1, 30))]
    return b"\x80\x02" + b"".join(opcodes) + b"."


def damaged_pickle(rng: Random, files: Sequence[bytes]) -> bytes:
    """A pickle in one of the containers for it, with the checksum that this one has."""
    pickled = random_pickle(rng) if rng.random() < 0.3 else damage(rng, _pickle_in(rng.choice(files)), files)
    if rng.random() < 0.5:
        return _framed(pickled)
    members = {"net/data.pkl": pickled, "net/data/0": bytes(24), "net/version": b"3\n"}
    return _zip(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def damaged_zip(rng: Random, files: Sequence[bytes]) -> bytes:
    """An archive with a damage in one of its members, or in its name; its sums are right."""
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
    """A safetensors file with a damage in its JSON, or in one that stands in it; the length is right."""
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
    return _sealed(head, _data(content))


def _head(content: bytes) -> dict:
    return json.loads(content[_SAFETENSORS_HEAD : -len(_data(content)) or None])


def _data(content: bytes) -> bytes:
    return content[_SAFETENSORS_HEAD + int.from_bytes(content[:_SAFETENSORS_HEAD], "little") :]


def _sealed(head: bytes, data: bytes) -> bytes:
    """A safetensors file. The library itself writes its metadata in another order every time."""
    return struct.pack("<Q", len(head)) + head + data


def _pickle_in(content: bytes) -> bytes:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(archive.namelist()[0])
    return content


def _framed(pickled: bytes) -> bytes:
    return pickled + hashlib.sha1(pickled).digest() + _TRAILER


def _zip(members, compression: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()
