"""The functions that read files or command lines of users, each with a maker of random inputs."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Union
from unittest import mock

import numpy as np

from data_tools import __main__ as cli
from data_tools.basics.output_folder import require_same_record
from data_tools.basics.table import read_table
from data_tools.curation.default_rules import Settings, read_settings, write_settings
from data_tools.curation.equivalence import read_classes
from data_tools.curation.folder import read_problems, scanned_folder
from data_tools.curation.manual import read_manual
from data_tools.curation.rules import read_decisions
from data_tools.curation.scan_cache import ScanCache, cached_keys
from data_tools.planting.journal import Journal
from data_tools.sets.image_io import read_header, read_instances, read_label, read_photo, read_storage
from data_tools.sets.pairing import read_reference_names, read_split
from data_tools.signals.sketches import create_sketches, open_sketches
from experiments.fuzz import images, texts, weights
from experiments.fuzz.mutations import damage
from jittor_tsit import __main__ as product
from jittor_tsit.commands import train
from jittor_tsit.config import DataConfig, Experiment, OptimConfig, Phase, RunConfig, from_dict, to_json
from jittor_tsit.config.overrides import PARTS, fields_of, override
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.data.attribute_lists import read_attributes
from jittor_tsit.data.cache_file import START, PairCache, head_of, write_cache
from jittor_tsit.data.read_through import CheckedFiles
from jittor_tsit.runs.checkpoint import check_arrays, load_checkpoint, newest_readable
from jittor_tsit.runs.records import read_records, remove_records_after

Input = Union[bytes, List[str]]  # the content of a file, or the words of a command line


class Reader(NamedTuple):
    """A function to test, and its inputs.

    Args:
        make: Makes a random input.
        read: Reads it, given the path of its file or its words. It may raise InputError, or for words SystemExit with
            status 0 or 2.
    """

    make: Callable[[Random], Input]
    read: Callable[[Any], object]


def of_files(
    read: Callable[[Path], object], files: Sequence[bytes], *makers: Callable[[Random, Sequence[bytes]], bytes]
):
    """A reader of files. Half of the inputs are damaged at random, half are made from valid files by `makers`."""

    def make(rng: Random) -> bytes:
        if makers and rng.random() < 0.5:
            return rng.choice(makers)(rng, files)
        content, is_valid = rng.choice(files), rng.random() < 0.02  # a few inputs are valid and must be accepted
        return content if is_valid else damage(rng, content, files)

    return Reader(make, read)


def of_json(read: Callable[[Path], object], value: Any) -> Reader:
    """A reader of JSON. Half of the inputs are damaged text, half are valid JSON with other values."""
    text = json.dumps(value).encode()
    return of_files(read, [text], lambda rng, files: texts.altered_json_text(rng, value))


def of_words(read: Callable[[List[str]], object], lines: Sequence[str], options, fields: Sequence[str]) -> Reader:
    """A reader of command lines. Half of the inputs are altered `lines`, half are made of `options` and `fields`."""

    def make(rng: Random) -> List[str]:
        return texts.altered_words(rng, lines) if rng.random() < 0.5 else texts.made_up_words(rng, options, fields)

    return Reader(make, read)


EXPERIMENT = Experiment("x", OptimConfig(), DataConfig(), RunConfig(), (Phase(nimg=10), Phase(epochs=1)))
FIELDS = sorted(name for part in PARTS for name in fields_of(getattr(EXPERIMENT, part)))


def read_photo_file(path: Path) -> None:
    for read in (read_header, read_storage, read_photo):
        read(path)


def read_label_file(path: Path) -> None:
    read_instances(path)
    read_label(path)


def read_checkpoint(path: Path) -> None:
    checkpoint = load_checkpoint(path)
    check_arrays(path, checkpoint.arrays, {name: array.shape for name, array in checkpoint.arrays.items()})
    newest_readable(path.parent, ("",), lambda line: None)


def read_config(words: List[str]) -> None:
    values = json.loads(words[0])  # the text itself is read by `load_checkpoint`
    for name, kind in (("config", OptimConfig), ("data", DataConfig), ("run", RunConfig)):
        from_dict(kind, values.get(name))
    for phase in values.get("phases", ()):
        from_dict(Phase, phase)


def config_text(rng: Random) -> List[str]:
    """The options of an experiment as JSON, with some values replaced."""
    values = json.loads(to_json(EXPERIMENT))
    values["phases"] = [texts.altered_json(rng, phase, 0.03) for phase in values["phases"]]
    return [json.dumps({**values, **{name: texts.altered_json(rng, values[name], 0.03) for name in PARTS}})]


def read_lines(path: Path) -> None:
    read_records(path)
    remove_records_after(path, 100)


def read_scan(path: Path) -> None:
    with mock.patch("data_tools.curation.folder.RECORD", path.name):
        scanned_folder(path.parent)


def read_sketches(path: Path) -> None:
    create_sketches(path.parent, 2)
    shutil.copy(path, path.parent / "classes.npy")
    open_sketches(path.parent)


def sketches() -> bytes:
    """The content of a sketch file of two pairs."""
    with tempfile.TemporaryDirectory() as folder:
        create_sketches(Path(folder), 2)
        return Path(folder, "classes.npy").read_bytes()


def read_cache(path: Path) -> None:
    cache = ScanCache(path, b"v")
    try:
        for key in cached_keys(path):
            cache.get(key)
        cache.put({b"new": b"record"})
    finally:
        cache.close()


def scan_cache() -> bytes:
    """The content of a scan cache with twenty records."""
    with tempfile.TemporaryDirectory() as folder:
        cache = ScanCache(Path(folder, "x"), b"v")
        cache.put({b"%016d" % number: bytes(100) for number in range(20)})
        cache.close()
        return Path(folder, "x").read_bytes()


def read_pair_cache(path: Path) -> None:
    cache = PairCache(path)
    cache.mismatch({"width": 2}, {"a": []})
    for stem in cache.records:
        cache.read(stem)


def pair_cache() -> bytes:
    """Return the content of a cache of three pairs. One of the pairs could not be read."""
    stamps = {stem: [[f"{stem}.png", 100, 10**18]] for stem in "abc"}
    found = [(stem, (np.zeros((2, 2), np.uint8),) if stem != "b" else None) for stem in stamps]
    with tempfile.TemporaryDirectory() as folder:
        write_cache(Path(folder, "x"), {"width": 2}, [("|u1", [2, 2])], stamps, found)
        return Path(folder, "x").read_bytes()


def altered_pair_cache(rng: Random, files: Sequence[bytes]) -> bytes:
    """A cache of pairs with some values of its index replaced and a correct checksum."""
    content = rng.choice(files)
    begin = content.index(b'{"form"')
    index = json.dumps(texts.altered_json(rng, json.loads(content[begin:]), 0.03)).encode()
    return head_of(index, begin).ljust(START, b"\0") + content[START:begin] + index


def settings() -> bytes:
    """The file of settings that `select` writes."""
    written = []
    with mock.patch("data_tools.curation.default_rules.write_atomic", lambda path, data: written.append(data)):
        write_settings(Path("x"), Settings())
    return written[0]


def parse_product(words: List[str]) -> None:
    """Parse a command line of jittor_tsit. The commands do nothing; `train` only sets the options of an experiment."""

    def apply_options(args) -> int:
        override(EXPERIMENT, args.overrides)
        return 0

    with contextlib.ExitStack() as stack:
        for command in product.COMMANDS:
            run = apply_options if command is train else lambda args: 0
            stack.enter_context(mock.patch.object(command, "run", run))
        stack.enter_context(mock.patch.object(product, "run_processes", lambda *arguments: 0))
        stack.enter_context(silence())
        status = product.main(words)
    if status not in (0, 2):
        raise AssertionError(f"exit status {status}")


def parse_data_tools(words: List[str]) -> None:
    with silence():
        cli.parser().parse_args(words)


@contextlib.contextmanager
def silence():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def options_of(parser_of_all) -> Dict[str, List[str]]:
    """The options of each command, by the command's name."""
    choices = parser_of_all._subparsers._group_actions[0].choices
    return {name: sorted(each._option_string_actions) for name, each in choices.items()}


def all_readers() -> Dict[str, Reader]:
    """All readers by name, in the order of the report."""
    photos, labels = images.photos(), images.labels()
    pngs = [images.damaged_png] * 9 + [lambda rng, files: images.png_bomb(rng)]  # one in ten: it takes a second
    weight_files, checkpoints = weights.weights(), weights.checkpoints()
    pickles = [content for content in weight_files if content[:1] in (b"\x80", b"P")]
    damaged_containers = [
        lambda rng, files: weights.damaged_pickle(rng, pickles),
        weights.damaged_zip,
        weights.damaged_safetensors,
    ]
    product_options, data_options = options_of(product.parser()), options_of(cli.parser())
    return {
        "photographs": of_files(read_photo_file, photos, *pngs),
        "label maps": of_files(read_label_file, labels, *pngs),
        "weight files": of_files(read_weights, weight_files, *damaged_containers),
        "checkpoints": of_files(read_checkpoint, checkpoints, weights.damaged_safetensors, weights.damaged_safetensors),
        "split lists": of_files(read_split, [texts.STEMS]),
        "label_to_img.json": of_json(read_reference_names, json.loads(texts.NAMES)),
        "attribute lists": of_files(lambda path: read_attributes(path, ["Young"]), [texts.ATTRIBUTES]),
        "stats.jsonl": of_files(read_lines, [texts.LINES]),
        "options (field=value)": Reader(
            lambda rng: texts.made_up_options(rng, FIELDS), lambda words: override(EXPERIMENT, words)
        ),
        "options (JSON)": Reader(config_text, read_config),
        "checked.txt": of_files(lambda path: CheckedFiles(path, "x").key([path]), [b"0123abcd\n" * 3]),
        "tables of data_tools": of_files(read_table, [texts.TABLE]),
        "decisions of data_tools": of_files(read_decisions, [texts.DECISIONS]),
        "classes of data_tools": of_files(read_classes, [texts.CLASSES]),
        "problems of data_tools": of_files(read_problems, [texts.PROBLEMS]),
        "sketches of data_tools": of_files(read_sketches, [sketches()]),
        "cache of a scan": of_files(read_cache, [scan_cache()]),
        "cache of pairs": of_files(read_pair_cache, [pair_cache()], altered_pair_cache),
        "manual lists": of_files(read_manual, [texts.MANUAL]),
        "settings of select": of_json(read_settings, json.loads(settings())),
        "records of data_tools": of_json(lambda path: require_same_record(path, {"a": 1}), {"a": 1, "data": "x"}),
        "record of a scan": of_json(read_scan, {"data": "x"}),
        "journals of plant": of_files(Journal, [texts.JOURNAL]),
        "command line": of_words(parse_product, texts.PRODUCT_LINES, product_options, FIELDS),
        "command line of data_tools": of_words(parse_data_tools, texts.DATA_LINES, data_options, []),
    }
