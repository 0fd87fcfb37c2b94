"""Training from a cache file of decoded pairs is training from the files themselves."""

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from data_tools.basics import pools
from data_tools.basics.errors import InputError
from data_tools.basics.pools import Pool
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import find_pairs
from helpers.file_limit import files_of_at_most
from helpers.same_bytes import assert_same_bytes, contents
from helpers.tiny import make_experiment
from jittor_tsit.data import cache_file, cached_pairs
from jittor_tsit.data import read_ahead as reading
from jittor_tsit.data.cache_file import MAGIC, START, PairCache
from jittor_tsit.data.cached_pairs import from_cache, make_cache
from jittor_tsit.data.folders import unpaired_samples
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.read_ahead import read_ahead
from jittor_tsit.data.run_samples import WithOther
from jittor_tsit.data.samples import Augmentation, PairedSamples

SIZE, LOAD, COUNT = (32, 16), (40, 24), 5
AUGMENTATIONS = {
    "whole": Augmentation(load=SIZE, size=SIZE, flip=True),
    "cut": Augmentation(load=LOAD, size=SIZE, flip=True, color_jitter=0.2),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No pauses, and a thread in place of the decoding processes, which take a second to start."""

    @contextmanager
    def pool(workers, start, arguments):
        start(*arguments)
        with ThreadPoolExecutor(workers) as executor:
            yield Pool(executor, 1)

    monkeypatch.setattr(reading, "PAUSES", ())
    monkeypatch.setattr(cached_pairs, "local_pool", pool)


@pytest.fixture
def root(tmp_path, rng):
    """Five pairs of noise with instances, larger than they are seen."""
    for name in ("imgs", "labels", "instances"):
        (tmp_path / "set" / name).mkdir(parents=True)
    for k in range(COUNT):
        write_photo(tmp_path / f"set/imgs/{k}.jpg", rng.integers(0, 256, (50, 70, 3)).astype(np.uint8))
        write_label(tmp_path / f"set/labels/{k}.png", rng.integers(0, 29, (50, 70)))
        write_label(tmp_path / f"set/instances/{k}.png", rng.integers(0, 60_000, (50, 70)))
    return tmp_path / "set"


def samples_of(root, augmentation="whole", has_edges=False):
    return PairedSamples(
        find_pairs(root), LabelMaps(29, has_edges=has_edges), AUGMENTATIONS[augmentation], seeds=(3, 1)
    )


def made(samples, path, said=None):
    """The samples, read from a cache that was made or found."""
    make_cache([samples], path, 1, (said if said is not None else []).append)
    (result,) = from_cache([samples], path)
    return result


def assert_same(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("has_edges", [False, True])
@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_a_sample_from_the_cache_is_that_of_the_files(root, tmp_path, augmentation, has_edges):
    samples = samples_of(root, augmentation, has_edges)
    cached_samples = made(samples, tmp_path / "cache")
    for folder in ("imgs", "labels", "instances"):  # so that nothing but the cache can be read
        (root / folder).rename(root / f"{folder}-away")
    seen = [(cached_samples(nimg), WithOther(cached_samples)(nimg)) for nimg in range(3 * COUNT)]
    for folder in ("imgs", "labels", "instances"):
        (root / f"{folder}-away").rename(root / folder)
    for nimg, (own, with_other) in enumerate(seen):
        assert_same(own, samples(nimg))
        assert_same(with_other, WithOther(samples)(nimg))
    assert_same(cached_samples.unaugmented(2), samples.unaugmented(2))
    assert cached_samples.digest() == samples.digest()


def test_reading_processes_read_from_the_cache(root, tmp_path):
    samples = samples_of(root, "cut")
    cached_samples = made(samples, tmp_path / "cache")
    cached_samples(0)  # opens the file here, which they cannot inherit
    expected = [samples(nimg) for nimg in range(6)]
    (root / "imgs").rename(root / "away")
    batches = read_ahead(cached_samples, iter([[range(4)], [range(4, 6)]]), workers=2)
    places = [[array[k] for array in arrays] for (arrays,) in batches for k in range(len(arrays[0]))]
    for ours, theirs in zip(places, expected):
        assert_same(ours, theirs)
    assert len(places) == 6


def test_a_cache_that_fits_is_kept_and_may_have_more_pairs(root, tmp_path):
    path, said = tmp_path / "new/cache", []
    samples = samples_of(root)
    made(samples, path, said)
    before = path.stat().st_mtime_ns
    fewer = dataclasses.replace(samples, pairs=samples.pairs[1:3], seeds=(0,))
    assert_same(made(fewer, path, said)(5), fewer(5))
    assert path.stat().st_mtime_ns == before
    assert said == [f"{path}: does not exist yet; decoding {COUNT} pairs into it, once"]


def test_phases_share_a_file(root, tmp_path, monkeypatch):
    monkeypatch.setattr(cached_pairs, "local_pool", pools.local_pool)
    samples = samples_of(root)
    phases = [dataclasses.replace(samples, pairs=samples.pairs[part]) for part in (slice(0, 3), slice(2, 5))]
    make_cache(phases, tmp_path / "cache", 2, lambda line: None)
    assert len(PairCache(tmp_path / "cache").records) == COUNT
    for ours, theirs in zip(from_cache(phases, tmp_path / "cache"), phases):
        assert_same(ours(1), theirs(1))


def touch(root):
    os.utime(root / "labels/3.png", ns=(0, 1))
    return samples_of(root)


def add_pair(root):
    for path in list(root.glob("*/0.*")):
        (path.parent / f"x{path.suffix}").write_bytes(path.read_bytes())
    return samples_of(root)


@pytest.mark.parametrize(
    "change, reason",
    [
        (touch, "the pair 3 has changed since the cache was made"),
        (add_pair, "does not have the pair x"),
        (lambda root: samples_of(root, "cut"), "was made with height=16, but this run needs 24"),
        (lambda root: samples_of(root, has_edges=True), "was made with instance_edges=False, but this run needs True"),
    ],
)
def test_a_stale_cache_is_built_again_and_says_why(root, tmp_path, change, reason):
    path, said = tmp_path / "cache", []
    made(samples_of(root), path)
    samples = change(root)
    cached_samples = made(samples, path, said)
    assert said == [f"{path}: {reason}; building it again"]
    assert_same(cached_samples(7), samples(7))


def test_a_cache_of_another_decoder_is_built_again(root, tmp_path, monkeypatch):
    said = []
    made(samples_of(root), tmp_path / "cache")
    monkeypatch.setattr(cached_pairs.PIL, "__version__", "99.0")
    made(samples_of(root), tmp_path / "cache", said)
    assert "but this run needs 99.0; building it again" in said[0]


def test_other_processes_find_a_file_that_does_not_fit(root, tmp_path):
    made(samples_of(root), tmp_path / "cache")
    with pytest.raises(
        InputError, match="cache: the pair 3 has changed since the cache was made, but process 0 .* the same files"
    ):
        from_cache([touch(root)], tmp_path / "cache")
    with pytest.raises(InputError, match="elsewhere: cannot be read: No such file"):
        from_cache([samples_of(root)], tmp_path / "elsewhere")


def damaged(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda content: b"", r"is no cache of pairs: it begins with b'', a cache of pairs with b'jittor_tsit pairs"),
        (lambda content: b"PK\3\4" * 9, r"begins with b'PK.*name another file, or delete this one"),
        (lambda content: content[:-1], r"is damaged: has \d+ bytes, and \d+ were written; delete it"),
        (lambda content: content[: len(MAGIC) + 3], r"is damaged: has 31 bytes"),
        (lambda content: damaged(content, len(content) - 9), r"its index has checksum .{8}, and .{8} was written"),
        (lambda content: damaged(content, len(MAGIC)), r"is damaged"),
    ],
)
def test_a_damaged_or_foreign_file_is_named_and_stays(root, tmp_path, damage, message):
    path = tmp_path / "cache"
    made(samples_of(root), path)
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(InputError, match=f"^{path}: .*{message}"):
        made(samples_of(root), path)
    assert_same_bytes(path, before)


def test_a_folder_is_no_cache(root, tmp_path):
    with pytest.raises(InputError, match="is not a regular file; name a file for the cache of pairs"):
        made(samples_of(root), tmp_path)


@pytest.mark.parametrize(
    "index",
    [
        "[]",
        "{}",
        "null",
        "[" * 99_999,
        '{"form": {}, "arrays": [["|O", [1]]], "pairs": {}, "records": {}}',
        '{"form": {}, "arrays": [["|u1", [1]]], "pairs": {}, "records": {"a": [0, 0]}}',
        '{"form": {}, "arrays": [["|u1", [1e999]]], "pairs": {}, "records": {}}',
    ],
)
def test_an_index_of_another_kind_is_refused(tmp_path, index):
    data, path = index.encode(), tmp_path / "cache"
    path.write_bytes(cache_file.head_of(data, START).ljust(START, b"\0") + data)
    with pytest.raises(InputError, match=f"^{path}: .*delete it, and the next start builds it again"):
        PairCache(path)


def test_a_damaged_record_is_passed_over_like_a_rotten_file(root, tmp_path):
    path = tmp_path / "cache"
    samples = made(samples_of(root), path)
    number, _ = samples.cache.records["2"]
    place = START + number * cache_file.record_size(samples.cache.shapes) + 100
    path.write_bytes(damaged(path.read_bytes(), place))
    (samples,) = from_cache([samples_of(root)], path)
    faults = []
    steps = iter([[range(COUNT)]])
    list(read_ahead(samples, steps, 1, 1, faults.extend))
    assert len(faults) == 1
    assert faults[0].startswith(f"{path}: is damaged at 2: checksum ") and "was written; delete it" in faults[0]


def test_a_rotten_file_is_passed_over_as_without_a_cache(root, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "PAUSES", (0,))
    (root / "imgs/1.jpg").write_bytes(b"rotten")
    samples, said = samples_of(root), []
    cached_samples = made(samples, tmp_path / "cache", said)
    assert "1 of 5 pairs cannot be read and are not in it" in said[1] and "1.jpg" in said[1]
    seen = []
    for each in (samples, cached_samples):
        faults = []
        seen.append((list(read_ahead(each, iter([[range(2 * COUNT)]]), 1, 1, faults.extend)), faults))
    assert_same(seen[0][0][0][0], seen[1][0][0][0])
    assert seen[0][1] == seen[1][1] and len(seen[0][1]) == 2
    made(samples, tmp_path / "cache", said)
    assert len(said) == 2  # it is not made again for the sake of what was left out


@pytest.mark.parametrize("nbytes", [100, 5000, 14_400])  # the last: in the index
def test_a_full_disk_leaves_what_was_there(root, tmp_path, monkeypatch, nbytes):
    # A bar that cannot print, because pytest's file for it is longer than this, keeps tqdm's lock for ever.
    monkeypatch.setattr(cached_pairs, "progress_bar", lambda items, **_: items)
    path = tmp_path / "new/cache"
    path.parent.mkdir()
    with files_of_at_most(nbytes), pytest.raises(OSError, match=f"File too large: '{path}'"):
        made(samples_of(root), path)
    assert os.listdir(path.parent) == []
    made(samples_of(root), path)
    before = contents(path.parent)
    with files_of_at_most(nbytes), pytest.raises(OSError, match="File too large"):
        made(touch(root), path)
    assert contents(path.parent) == before


def test_ctrl_c_leaves_what_was_there(root, tmp_path, monkeypatch):
    path = tmp_path / "new/cache"
    made(samples_of(root), path)
    before = contents(path.parent)

    def interrupted(file, found):
        next(iter(found))
        raise KeyboardInterrupt

    monkeypatch.setattr(cache_file, "write_records", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(touch(root), path)
    assert contents(path.parent) == before


def test_systems_without_label_maps_have_no_cache(root):
    experiment = make_experiment(root)
    config = dataclasses.replace(experiment.data, cache="x")
    with pytest.raises(InputError, match="cache=x: this system's data has no such option"):
        unpaired_samples(config, None, (0,))
