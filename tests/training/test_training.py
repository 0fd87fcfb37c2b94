"""Runs: resuming is exact, a loss gone astray stops, an interruption saves."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from helpers.same_bytes import assert_other_bytes, assert_same_bytes
from helpers.tiny import CONFIGS, HEIGHT, WIDTH, make_experiment
from jittor_tsit.commands.test import run_test
from jittor_tsit.config.overrides import override
from jittor_tsit.data import read_ahead
from jittor_tsit.runs.checkpoint import checkpoint_path, checkpoint_paths, load_checkpoint, save_checkpoint
from jittor_tsit.runs.log import NonFiniteLoss
from jittor_tsit.systems.tsit import TSITSystem
from jittor_tsit.training import session


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Four rendered pairs and two test labels."""
    root = tmp_path_factory.mktemp("set")
    write_set(root, 4, 0, WIDTH, HEIGHT, test_count=2)
    return root


@pytest.fixture(scope="module")
def whole_run(root, tmp_path_factory):
    """A run of four images without interruption."""
    run_dir = tmp_path_factory.mktemp("runs") / "whole"
    assert session.run_training(make_experiment(root), run_dir) == 0
    return run_dir


def stats(run_dir):
    return [json.loads(line) for line in (run_dir / "stats.jsonl").read_text().splitlines()]


def assert_same_arrays(first, second):
    first, second = load_checkpoint(first).arrays, load_checkpoint(second).arrays
    assert set(first) == set(second)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def test_a_run_leaves_its_options_numbers_grids_and_checkpoints(whole_run):
    assert json.loads((whole_run / "options.json").read_text())["config"]["width"] == 2
    assert [line["nimg"] for line in stats(whole_run)] == [1, 2, 3, 4]
    assert {"G/gan", "G/feat", "G/kld", "D/real", "D/fake", "img_per_s", "lr/G", "lr/D"} <= set(stats(whole_run)[0])
    assert len(list(whole_run.glob("grid-*.png"))) == 2
    assert [load_checkpoint(path).progress.nimg for path in checkpoint_paths(whole_run)] == [2, 4]
    log = (whole_run / "log.txt").read_text()
    assert "training: images 0 to 4, 4 samples of " in log and "batch 1, rate G 0.0001, D 0.0004\n" in log
    assert "4 images" in log and "rate G 0.0001, D 0.0004  G/gan " in log


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(root, whole_run, tmp_path):
    run_dir = tmp_path / "resumed"
    shutil.copytree(whole_run, run_dir)
    checkpoint_path(run_dir, 4).unlink()  # as if killed after three images
    with open(run_dir / "stats.jsonl", "a") as file:
        file.write('{"nimg": ')  # and in the middle of a line
    assert session.run_training(make_experiment(root), run_dir) == 0
    assert_same_arrays(checkpoint_path(run_dir, 4), checkpoint_path(whole_run, 4))
    assert [line["nimg"] for line in stats(run_dir)] == [1, 2, 3, 4]


def test_a_damaged_newest_checkpoint_is_set_aside_and_made_again(root, whole_run, tmp_path, capsys):
    run_dir = tmp_path / "damaged"
    shutil.copytree(whole_run, run_dir)
    newest = checkpoint_path(run_dir, 4)
    data = bytearray(newest.read_bytes())
    data[-1] ^= 1
    newest.write_bytes(data)
    assert session.run_training(make_experiment(root), run_dir) == 0
    assert "set aside as state-000000004.safetensors.damaged" in capsys.readouterr().err
    assert_same_bytes(run_dir / "state-000000004.safetensors.damaged", data)
    assert_same_arrays(newest, checkpoint_path(whole_run, 4))


def test_an_interruption_saves_and_the_same_command_goes_on(root, whole_run, tmp_path, monkeypatch):
    run_dir = tmp_path / "stopped"
    step = TSITSystem.train_step

    def interrupted_step(self, batch, step_number):
        import os
        import signal

        if step_number == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, batch, step_number)

    monkeypatch.setattr(TSITSystem, "train_step", lambda self, batch, step: interrupted_step(self, batch, step))
    assert session.run_training(make_experiment(root), run_dir) == 130
    assert load_checkpoint(checkpoint_paths(run_dir)[-1]).progress.nimg == 1
    monkeypatch.undo()
    assert session.run_training(make_experiment(root), run_dir) == 0
    assert_same_arrays(checkpoint_path(run_dir, 4), checkpoint_path(whole_run, 4))


def test_a_finished_run_is_left_as_it_is(root, whole_run):
    before = {path: path.stat().st_mtime_ns for path in checkpoint_paths(whole_run)}
    assert session.run_training(make_experiment(root), whole_run) == 0
    assert {path: path.stat().st_mtime_ns for path in checkpoint_paths(whole_run)} == before


def test_a_run_with_other_options_is_refused(root, whole_run):
    other = override(make_experiment(root), ["optim.lr_G=1", "seed=3"])
    with pytest.raises(InputError, match=r"optim.lr_G was 0.0001, now 1.0; seed was 0, now 3; .*--from-weights"):
        session.run_training(other, whole_run)


def test_a_loss_that_is_not_finite_stops_with_step_and_term(root, tmp_path, monkeypatch):
    terms_of, batches = TSITSystem.generator_terms, []

    def astray(self, batch):
        batches.append(batch)
        terms = terms_of(self, batch)
        return {**terms, "feat": terms["feat"] * float("nan")} if len(batches) == 3 else terms

    monkeypatch.setattr(TSITSystem, "generator_terms", astray)
    with pytest.raises(NonFiniteLoss, match="G/feat is not finite in the step that ends with image 3"):
        session.run_training(make_experiment(root), tmp_path / "astray")
    assert load_checkpoint(checkpoint_paths(tmp_path / "astray")[-1]).progress.nimg == 2


def test_a_batch_larger_than_the_set_is_refused(root, tmp_path):
    experiment = make_experiment(root, batch_size=5, total_nimg=10, status_nimg=5, snapshot_nimg=10)
    with pytest.raises(InputError, match="4 samples, fewer than batch_size=5"):
        session.run_training(experiment, tmp_path)


def test_the_test_command_makes_the_same_submission_again(root, whole_run, tmp_path):
    checkpoint = checkpoint_path(whole_run, 4)
    for name in ("1", "2"):
        assert run_test(checkpoint, None, tmp_path / name, seed=0, references=None, compare=True) == 0
    assert_same_bytes(tmp_path / "1/submission.zip", tmp_path / "2/submission.zip")
    assert (tmp_path / "1/compare.png").exists()
    assert run_test(checkpoint, root / "test", tmp_path / "3", seed=1, references=None, compare=False) == 0
    assert_other_bytes(tmp_path / "1/submission.zip", tmp_path / "3/submission.zip")


def test_images_are_made_by_the_averaged_weights_and_by_the_last_ones_where_none_are_kept(whole_run, tmp_path):
    whole = load_checkpoint(checkpoint_path(whole_run, 4))

    def image(name, arrays):
        save_checkpoint(tmp_path / f"{name}.safetensors", whole._replace(arrays=arrays))
        assert run_test(tmp_path / f"{name}.safetensors", None, tmp_path / name, 0, None, False) == 0
        return sorted((tmp_path / name / "images").iterdir())[0].read_bytes()

    average = {name: array for name, array in whole.arrays.items() if name.startswith("G_ema.")}
    last = {name: array for name, array in whole.arrays.items() if name.startswith("G.")}
    spoiled = {name: np.full_like(array, np.nan) for name, array in last.items()}
    swapped = {name.replace("G_ema.", "G."): array for name, array in average.items()}
    others = {name: array for name, array in whole.arrays.items() if name not in average}
    made = image("whole", whole.arrays)
    assert image("spoiled", {**whole.arrays, **spoiled}) == made  # nothing of the last weights is used
    assert image("average", {**others, **swapped}) == made
    assert image("last", others) != made


def test_reference_photos_are_those_that_the_json_names(root, whole_run, tmp_path):
    labels = tmp_path / "labels"
    shutil.copytree(root / "test", labels)
    photo = sorted((root / "train/imgs").iterdir())[0]
    names = {path.name: photo.name for path in labels.iterdir()}
    (labels / "label_to_img.json").write_text(json.dumps(names))
    assert run_test(checkpoint_path(whole_run, 4), labels, tmp_path / "out", 0, photo.parent, False) == 0
    (tmp_path / "alone").mkdir()
    alone = shutil.copy(sorted(labels.glob("*.png"))[0], tmp_path / "alone")  # one label map and one photo, no list
    assert run_test(checkpoint_path(whole_run, 4), Path(alone), tmp_path / "one", 0, photo, False) == 0
    [image] = (tmp_path / "one/images").iterdir()
    assert_same_bytes(image, tmp_path / "out/images" / image.name)
    names.popitem()
    (labels / "label_to_img.json").write_text(json.dumps(names))
    with pytest.raises(InputError, match="names no photo for synth_"):
        run_test(checkpoint_path(whole_run, 4), labels, tmp_path / "out2", 0, photo.parent, False)


def test_the_same_run_directory_with_other_data_is_refused(root, whole_run, tmp_path):
    write_set(tmp_path / "other", 4, 1, WIDTH, HEIGHT)
    with pytest.raises(InputError, match=r"whole: .*(missing|changed).*; restore the data set"):
        session.run_training(make_experiment(tmp_path / "other"), whole_run)
    shutil.copytree(root, tmp_path / "moved")  # the same files elsewhere are the same data
    assert session.run_training(make_experiment(tmp_path / "moved"), whole_run) == 0


def test_spoiled_weights_are_not_saved(root, tmp_path, monkeypatch):
    step = TSITSystem.train_step

    def spoil(self, batch, step_number):
        terms = step(self, batch, step_number)
        if step_number == 3:
            self.G.conv_image.bias.update(self.G.conv_image.bias / 0.0)
        return terms

    monkeypatch.setattr(TSITSystem, "train_step", lambda self, batch, step: spoil(self, batch, step))
    with pytest.raises(NonFiniteLoss, match="G.conv_image.bias is not finite after image 4"):
        session.run_training(make_experiment(root), tmp_path / "spoiled")
    assert load_checkpoint(checkpoint_paths(tmp_path / "spoiled")[-1]).progress.nimg == 2


def test_images_made_from_anything_else_are_made_again(root, whole_run, tmp_path):
    checkpoint, labels = checkpoint_path(whole_run, 4), tmp_path / "labels"
    shutil.copytree(root / "test", labels)
    first, second = sorted(labels.iterdir())
    out = tmp_path / "out"
    run_test(checkpoint, labels, out, 0, None, False)
    image = (out / "images" / f"{first.stem}.jpg").read_bytes()
    shutil.copy(second, first)  # another label map under the same name
    run_test(checkpoint, labels, out, 0, None, False)
    assert_other_bytes(out / "images" / f"{first.stem}.jpg", image)


def test_images_of_a_checkpoint_that_was_replaced_are_made_again(whole_run, tmp_path):
    checkpoint, out, images = tmp_path / "x.safetensors", tmp_path / "out", []
    for nimg in (2, 4):
        shutil.copyfile(checkpoint_path(whole_run, nimg), checkpoint)
        os.utime(checkpoint, (nimg, nimg))
        assert run_test(checkpoint, None, out, 0, None, False) == 0
        images.append(sorted((out / "images").iterdir())[0].read_bytes())
    assert images[0] != images[1]


def test_an_interrupted_test_goes_on(root, whole_run, tmp_path):
    checkpoint, out = checkpoint_path(whole_run, 4), tmp_path / "out"
    run_test(checkpoint, None, out, 0, None, False)
    images = sorted((out / "images").iterdir())
    done, missing = images[0].stat().st_mtime_ns, images[1].read_bytes()
    images[1].unlink()
    run_test(checkpoint, None, out, 0, None, False)
    assert images[0].stat().st_mtime_ns == done
    assert_same_bytes(images[1], missing)


def test_a_faulty_label_is_found_before_anything_is_written(root, whole_run, tmp_path):
    labels = tmp_path / "labels"
    shutil.copytree(root / "test", labels)
    sorted(labels.iterdir())[-1].write_bytes(b"")
    with pytest.raises(InputError, match="synth_500001.png"):
        run_test(checkpoint_path(whole_run, 4), labels, tmp_path / "out", 0, None, False)
    assert not (tmp_path / "out").exists()


def test_unpaired_photos_train_the_style_transfer_form(root, tmp_path):
    for name in ("trainA", "trainB"):
        shutil.copytree(root / "train/imgs", tmp_path / "set" / name)
    (tmp_path / "set/trainB/._hidden.jpg").write_bytes(b"")
    experiment = dataclasses.replace(make_experiment(tmp_path / "set", total_nimg=2), config=CONFIGS["tsit-ast"])
    assert session.run_training(experiment, tmp_path / "run") == 0
    with pytest.raises(
        InputError, match=r"of tsit \(style transfer or segmentation\), for which `test` writes no images"
    ):
        run_test(checkpoint_path(tmp_path / "run", 2), None, tmp_path / "out", 0, None, False)


def test_a_file_that_rots_is_passed_over_and_told_of_and_a_run_that_goes_on_does_the_same(root, tmp_path, monkeypatch):
    monkeypatch.setattr(read_ahead, "PAUSES", (0,))  # a rotten file is read once more, at once
    shutil.copytree(root, tmp_path / "set")
    experiment = make_experiment(tmp_path / "set", total_nimg=2)
    assert session.run_training(experiment, tmp_path / "whole") == 0
    shutil.copytree(tmp_path / "whole", tmp_path / "interrupted")
    for photo in list((tmp_path / "set").rglob("*.jpg"))[:2]:  # of four, so one comes up in two images
        times = photo.stat()
        photo.write_bytes(bytes(times.st_size))
        os.utime(photo, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a disk does that loses a block

    longer = override(experiment, ["total_nimg=8"])
    assert session.run_training(longer, tmp_path / "whole") == 0
    assert "skipped, and the next sample taken" in (tmp_path / "whole/log.txt").read_text()
    for total in (4, 8):
        assert session.run_training(override(experiment, [f"total_nimg={total}"]), tmp_path / "interrupted") == 0
    assert_same_arrays(*(checkpoint_path(tmp_path / name, 8) for name in ("whole", "interrupted")))
    with pytest.raises(InputError, match="max_skipped=0|is not an image"):
        session.run_training(override(experiment, ["total_nimg=16", "max_skipped=0"]), tmp_path / "whole")
