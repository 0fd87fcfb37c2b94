"""Checkpoints: whole or not at all, and every fault named."""

import json
import os

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from data_tools.basics.errors import ROOM_ADVICE, InputError, exit_status
from helpers.checkpoint_files import flip, make, save_two
from helpers.same_bytes import assert_same_bytes, digest
from jittor_tsit.runs import checkpoint as module
from jittor_tsit.runs.checkpoint import (
    Progress,
    check_arrays,
    check_checkpoint,
    checkpoint_path,
    load_checkpoint,
    load_newest,
    newest_readable,
    save_checkpoint,
)


def test_what_is_saved_is_loaded(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    loaded = load_checkpoint(path)
    assert loaded.progress == Progress(10, 5) and loaded.experiment == make().experiment
    np.testing.assert_array_equal(loaded.arrays["G.weight"], make().arrays["G.weight"])
    assert os.listdir(tmp_path) == [path.name]


def test_what_is_saved_again_has_the_same_bytes(tmp_path):
    path, files = checkpoint_path(tmp_path, 10), set()
    for _ in range(8):  # the library shuffles a header's three texts: all alike by chance once in 280,000 times
        save_checkpoint(path, make())
        files.add(digest(path))
    assert len(files) == 1


def test_a_part_can_be_loaded_alone(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    assert set(load_checkpoint(path, ("G_ema.",)).arrays) == {"G_ema.weight"}


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 50, 200, -1])
def test_a_file_that_was_cut_short_is_refused(tmp_path, kept):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    path.write_bytes(path.read_bytes()[:kept])
    found = "cut short or not a checkpoint" if kept else "is empty"
    with pytest.raises(InputError, match=f"{path.name}: {found}"):
        load_checkpoint(path)


def test_files_of_other_kinds_are_refused(tmp_path):
    stranger = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(1)}, stranger)
    with pytest.raises(InputError, match="not a checkpoint of train"):
        load_checkpoint(stranger)
    with pytest.raises(InputError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "absent.safetensors")


def as_of_before_the_checksums(path):
    """The same checkpoint in a file as they were written before there were checksums."""
    progress, experiment = json.dumps(make().progress._asdict()), json.dumps(make().experiment)
    save_file(make().arrays, path, {"format": "jittor_tsit 1", "progress": progress, "experiment": experiment})


def test_any_changed_byte_is_noticed(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    whole = path.read_bytes()
    for place in range(len(whole)):
        flip(path, place)
        with pytest.raises(InputError, match=path.name):
            load_checkpoint(path)
        path.write_bytes(whole)
    load_checkpoint(path)


def test_a_changed_byte_is_noticed_or_changes_nothing_whatever_its_bits(tmp_path, rng):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    whole = path.read_bytes()
    for place, mask in zip(rng.integers(0, len(whole), 2000), rng.integers(1, 256, 2000)):
        flip(path, place, mask)
        try:
            loaded = load_checkpoint(path)
        except InputError:
            pass
        else:  # a blank that has become another one
            assert (loaded.progress, loaded.experiment) == make()[1:]
            assert all((loaded.arrays[name] == array).all() for name, array in make().arrays.items())
        path.write_bytes(whole)


def test_damage_is_told_with_the_array_that_has_it(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    flip(path, path.read_bytes().index(np.float32(1).tobytes()))
    with pytest.raises(InputError, match=f"{path.name}: damaged: the array G.weight is not what was written"):
        load_checkpoint(path)
    with pytest.raises(InputError, match="G.weight"):
        check_checkpoint(path)
    load_checkpoint(path, ("G_ema.",))  # the other is whole


@pytest.mark.parametrize("there, here", [(b"F32", b"I32"), (b"F32", b"U32"), (b"[2,3]", b"[3,2]")])
def test_another_type_or_shape_of_the_same_size_is_damage(tmp_path, there, here):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    path.write_bytes(path.read_bytes().replace(there, here))
    with pytest.raises(InputError, match="damaged: the array G"):
        load_checkpoint(path)


def test_a_file_of_before_the_checksums_is_read(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    as_of_before_the_checksums(path)
    loaded = load_checkpoint(path)
    assert loaded.progress == Progress(10, 5) and loaded.experiment == make().experiment
    np.testing.assert_array_equal(loaded.arrays["G.weight"], make().arrays["G.weight"])


def test_every_kind_of_array_has_a_checksum(tmp_path):
    arrays = {"empty": np.zeros((0, 3)), "scalar": np.int64(3), "bool": np.array([True]), "turned": np.eye(3)[::-1].T}
    save_checkpoint(checkpoint_path(tmp_path, 10), make()._replace(arrays=arrays))
    for name, array in load_checkpoint(checkpoint_path(tmp_path, 10)).arrays.items():
        np.testing.assert_array_equal(array, arrays[name])


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_damaged_newest_file_is_set_aside_when_a_run_goes_on(tmp_path, is_cut):
    newest = save_two(tmp_path)
    newest.write_bytes(newest.read_bytes()[:100]) if is_cut else flip(newest, -1)
    content, warnings = newest.read_bytes(), []
    assert load_newest(tmp_path, warnings.append).progress.nimg == 10
    assert len(warnings) == 1 and newest.name in warnings[0]
    assert "set aside as state-000000020.safetensors.damaged, going on from state-000000010" in warnings[0]
    assert not newest.exists()
    assert_same_bytes(newest.with_name(newest.name + ".damaged"), content)


def test_test_passes_over_a_damaged_newest_file_and_leaves_it(tmp_path):
    newest = save_two(tmp_path)
    flip(newest, -1)
    warnings = []
    assert newest_readable(tmp_path, ("",), warnings.append) == checkpoint_path(tmp_path, 10)
    assert len(warnings) == 1 and newest.name in warnings[0]
    assert newest.exists()


def test_a_save_is_flushed_to_the_disk_and_so_is_its_name(tmp_path, monkeypatch):
    """In this order: the content, the new name, the folder that holds the name. Else a loss of power may take it."""
    done, fsync, replace = [], os.fsync, os.replace

    def flushed(descriptor):
        done.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def renamed(source, target):
        done.append((str(source), str(target)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", renamed)
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make())
    part = str(path.with_suffix(".part"))
    assert done == [part, (part, str(path)), str(tmp_path)]


def test_a_checkpoint_is_as_readable_as_the_user_wants_files_to_be(tmp_path):
    for mask, mode in ((0o022, 0o644), (0o077, 0o600)):
        before = os.umask(mask)
        try:
            save_checkpoint(checkpoint_path(tmp_path, mask), make())
            assert os.umask(mask) == mask  # as it was
        finally:
            os.umask(before)
        assert checkpoint_path(tmp_path, mask).stat().st_mode & 0o777 == mode


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make(1.0))

    def fail(path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(module, "flush_to_disk", fail)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, make(2.0))
    assert load_checkpoint(path).arrays["G.weight"][0, 0] == 1.0
    assert os.listdir(tmp_path) == [path.name]


def test_a_full_disk_is_an_os_error_that_names_the_file_with_what_to_do(tmp_path, monkeypatch, capsys):
    def fail(*arguments):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(module, "save_file", fail)
    path = checkpoint_path(tmp_path, 10)
    with pytest.raises(OSError, match="state-000000010.safetensors: cannot be written.*No space left"):
        save_checkpoint(path, make())
    assert exit_status(lambda: save_checkpoint(path, make())) == 2
    expected = f"error: {path}: cannot be written: No space left on device; {ROOM_ADVICE}\n"
    assert capsys.readouterr().err == expected


def test_an_error_of_the_library_without_a_number_is_told_in_its_words(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "save_file", lambda *arguments: (_ for _ in ()).throw(SafetensorError("odd")))
    with pytest.raises(OSError, match="cannot be written: odd"):
        save_checkpoint(checkpoint_path(tmp_path, 10), make())


def test_nothing_but_damaged_files_is_an_error_and_no_new_start(tmp_path):
    assert load_newest(tmp_path, print) is None
    checkpoint_path(tmp_path, 10).write_bytes(b"damaged")
    with pytest.raises(InputError, match="none of its 1 checkpoints can be read"):
        load_newest(tmp_path, print)
    assert checkpoint_path(tmp_path, 10).exists()


@pytest.mark.parametrize(
    "wanted, message",
    [
        ({"a": (2,), "b": (1,)}, "lacks b"),
        ({}, "has a, which this model lacks"),
        ({"a": (3,)}, r"a has shape \(2,\), not \(3,\)"),
    ],
)
def test_a_checkpoint_of_another_configuration_is_refused(tmp_path, wanted, message):
    with pytest.raises(InputError, match=message):
        check_arrays(tmp_path, {"a": np.zeros(2)}, wanted)


@pytest.mark.parametrize(
    "progress, experiment",
    [
        ("{", "{}"),
        ('{"nimg": 1}', "{}"),
        ('{"nimg": 1, "num_steps": -1}', "{}"),
        ('{"nimg": 1, "num_steps": 1.5}', "{}"),
        ("[1, 2]", "{}"),
        ('{"nimg": 1, "num_steps": 1}', "[]"),
        ('{"nimg": 1, "num_steps": 1}', "[" * 100_000),
        ('{"nimg": 1, "num_steps": 1}', None),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, progress, experiment):
    metadata = {"format": module.FORMAT, "progress": progress, "experiment": experiment}
    path = checkpoint_path(tmp_path, 1)
    save_file({}, path, {name: text for name, text in metadata.items() if text is not None})
    with pytest.raises(InputError, match="state-000000001.safetensors: .*damaged"):
        load_checkpoint(path)
