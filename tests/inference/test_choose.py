"""`test --candidates`: what is drawn, what is chosen, and what is said of it."""

import csv
import dataclasses
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from data_tools.sets.image_io import read_photo
from helpers.same_bytes import digest
from helpers.tiny import CONFIGS, HEIGHT, NUM_CLASSES, WIDTH, make_experiment
from jittor_tsit.config import to_json
from jittor_tsit.data.sheets import FRAME_COLOR, Layout
from jittor_tsit.evaluation.candidate_judges import cached_values
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.inference.choose import JudgeOptions, run_with_candidates
from jittor_tsit.networks.vgg import published_shapes
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, save_checkpoint
from jittor_tsit.systems import SYSTEMS

# Sees class 1, the most frequent of rendered landscapes, in bright pixels, or in dark ones
BRIGHT = "def segment(photo):\n    return (photo.mean(2) > 128).astype('uint8')\n"
DARK = BRIGHT.replace(">", "<")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[" * 100_000,
        "[]",
        '{"key": []}',
        '{"key": KEY}',
        '{"key": KEY, "values": ["x"]}',
        '{"key": KEY, "values": [1, 2]}',
        '{"key": KEY, "values": {}}',
        '{"key": KEY, "values": [1e999, {}]}',
    ],
)
def test_a_damaged_cache_of_judgements_is_made_again(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(b"x")
    paths, cache = [tmp_path / "a.jpg"], tmp_path / "values.json"
    cached_values(paths, "judge", lambda k: 0.5, cache)
    cache.write_text(content.replace("KEY", json.dumps(json.loads(cache.read_text())["key"])))
    assert cached_values(paths, "judge", lambda k: 0.25, cache).tolist() == [0.25]
    assert cached_values(paths, "judge", lambda k: pytest.fail("not kept"), cache).tolist() == [0.25]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Six photos, three test label maps, a model of random weights, and judges."""
    place = tmp_path_factory.mktemp("screen")
    write_set(place / "set", 6, 0, 256, 128, test_count=3)
    save(place / "model.safetensors", make_experiment(place / "set"), seed=0)
    save(place / "other.safetensors", make_experiment(place / "set"), seed=1)
    (place / "judges").mkdir()
    (place / "bright.py").write_text(BRIGHT)
    (place / "dark.py").write_text(DARK)
    rng = np.random.default_rng(0)
    shapes = {
        name: tuple(side // 32 if side > 3 else side for side in shape[:2]) + shape[2:]
        for name, shape in published_shapes("vgg16").items()
    }
    arrays = {name: rng.standard_normal(shape).astype(np.float32) * 0.3 for name, shape in shapes.items()}
    np.savez(place / "judges/vgg16.npz", **arrays)
    return place


def save(path, experiment, seed):
    """A checkpoint of random weights."""
    system = SYSTEMS["tsit"](experiment.config, NUM_CLASSES, HEIGHT, WIDTH, seed=0)
    system.prepare_training(terms=())
    arrays = {name: var.numpy() for name, var in system.state_dict().items()}
    weight = arrays["G.conv_image.weight"]
    arrays["G.conv_image.weight"] = np.random.default_rng(seed).standard_normal(weight.shape).astype(np.float32)
    arrays = {name.replace("G_ema.", "_"): array for name, array in arrays.items()}  # the weights themselves
    options = json.loads(to_json(experiment))
    save_checkpoint(path, Checkpoint(arrays, Progress(0, 0), {**options, "samples": []}))


def screen(place, out, names=("model",), count=3, judges="judges", segmenter="bright.py", **judging):
    checkpoints = [place / f"{name}.safetensors" for name in names]
    chooser = Judges(place / judges, place / segmenter if segmenter else None)
    judging = JudgeOptions(chooser, judging.get("measuring"), None, judging.get("improve", False))
    assert run_with_candidates(checkpoints, count, None, out, 0, None, True, judging) == 0
    with open(out / "selection.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def chosen(place):
    """Two checkpoints with two images each, chosen by one segmenter and measured by another."""
    rows = screen(place, place / "out", ("model", "other"), 2, measuring=place / "dark.py", improve=True)
    return place / "out", rows


def test_of_every_label_map_one_of_all_candidates_is_chosen(chosen):
    out, rows = chosen
    assert len(rows) == 3 * 4
    stems = sorted({row["stem"] for row in rows})
    assert [sum(int(row["chosen"]) for row in rows if row["stem"] == stem) for stem in stems] == [1, 1, 1]
    assert {(row["checkpoint"].rpartition("/")[2], row["seed"]) for row in rows} == {
        (f"{name}.safetensors", seed) for name in ("model", "other") for seed in "01"
    }
    with zipfile.ZipFile(out / "submission.zip") as archive:
        assert sorted(archive.namelist()) == [f"{stem}.jpg" for stem in stems]


def test_the_submission_holds_the_chosen_images_byte_by_byte(chosen):
    out, rows = chosen
    drawn = {digest(path): path for path in (out / "candidates").glob("*/images/*.jpg")}
    assert len(drawn) == 12  # no two are alike
    for row in rows:
        if int(row["chosen"]):
            source = drawn[digest(out / f"images/{row['stem']}.jpg")]
            name = row["checkpoint"].rpartition("/")[2].replace(".safetensors", "")
            assert source.stem == row["stem"] and f"{name}-seed{row['seed']}" in source.parts[-3]


def test_the_reason_is_the_best_score_or_the_sets_distance(chosen):
    _, rows = chosen
    for stem in {row["stem"] for row in rows}:
        own = [row for row in rows if row["stem"] == stem]
        best = max(own, key=lambda row: float(row["score"]))
        (taken,) = [row for row in own if int(row["chosen"])]
        assert taken["reason"] == ("best score" if taken is best else "swapped for the set's distance")
        for row in own:
            assert float(row["score"]) == pytest.approx(float(row["mask_accuracy"]) * float(row["nearness"]), rel=1e-4)
            assert row["aesthetic"] == "" and (row["reason"] == "") == (row["chosen"] == "0")


def test_the_gain_is_told_by_judges_that_did_not_choose_too(chosen):
    with open(chosen[0] / "gain.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    value = {(row["chosen"], row["term"], row["its judge"]): float(row["value"]) for row in rows}
    assert {key[0] for key in value} == {"the first", "best by own score", "after swaps"}
    for stage in ("the first", "best by own score"):
        bright, dark = (value[stage, "mask_accuracy", role] for role in ("chooses", "measures"))
        assert 0 < bright < 1 and 0 < dark < 1 and bright != dark
    distances = [value["after swaps", "vgg16_relu5_1_frechet", role] for role in ("chooses", "measures")]
    assert min(distances) > 0 and distances[0] != distances[1]


def test_the_picture_shows_the_candidates_and_frames_the_chosen_one(chosen):
    with Image.open(chosen[0] / "candidates.png") as picture:
        layout = Layout((256, 192), 5, 1, 3, 2)  # half the size of a submission's images
        assert picture.size == layout.size
        above = np.asarray(picture)[[layout.top(row) - 1 for row in range(3)]]
    framed = [(above[:, layout.left(0, column)] == FRAME_COLOR).all(1) for column in range(5)]
    assert not framed[0].any()  # the label map
    assert (np.sum(framed, axis=0) == 1).all()


def test_the_same_command_again_draws_and_judges_nothing_anew(place, chosen):
    before = {path: path.stat().st_mtime_ns for path in (place / "out/candidates").rglob("*.*")}
    rows = screen(place, place / "out", ("model", "other"), 2, measuring=place / "dark.py", improve=True)
    assert rows == chosen[1]
    assert {path: path.stat().st_mtime_ns for path in (place / "out/candidates").rglob("*.*")} == before


def test_one_judge_is_enough(place, tmp_path):
    (tmp_path / "none").mkdir()
    rows = screen(place, tmp_path / "out", judges=tmp_path / "none", count=2)
    assert {row["nearness"] for row in rows} == {""}
    for stem in {row["stem"] for row in rows}:
        own = [row for row in rows if row["stem"] == stem]
        taken = next(row for row in own if int(row["chosen"]))
        assert float(taken["mask_accuracy"]) == max(float(row["mask_accuracy"]) for row in own)


def test_faults_are_named_before_anything_is_drawn(place, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="--candidates: .*none holds no judge of images: `.*segformer_landscape`"):
        screen(place, out, judges="none", segmenter=None)
    with pytest.raises(InputError, match="--improve: needs inception or vgg16"):
        screen(place, out, judges="none", improve=True)
    with pytest.raises(InputError, match="lost.py: cannot be loaded"):
        screen(place, out, segmenter="lost.py")
    with pytest.raises(InputError, match="absent.safetensors: no such checkpoint"):
        screen(place, out, names=("model", "absent"))
    experiment = make_experiment(place / "set")
    save(
        place / "plain.safetensors",
        dataclasses.replace(experiment, config=dataclasses.replace(CONFIGS["tsit"], use_vae=False)),
        0,
    )
    with pytest.raises(
        InputError, match=r"--candidates 3: .*plain.safetensors generates the same image for every seed"
    ):
        screen(place, out, names=("plain",))
    save(
        place / "large.safetensors",
        dataclasses.replace(experiment, data=dataclasses.replace(experiment.data, output_width=640)),
        0,
    )
    with pytest.raises(InputError, match="large.safetensors: other classes or another size of images than"):
        screen(place, out, names=("model", "large"))
    with pytest.raises(InputError, match="bright.py: this segmenter chooses; name another segmenter to measure"):
        screen(place, out, measuring=place / "bright.py")
    assert not list(out.rglob("*.jpg"))


def test_a_plain_test_afterwards_takes_nothing_over(place, chosen, tmp_path):
    from jittor_tsit.commands.test import run_test

    out, _ = chosen
    assert run_test(place / "model.safetensors", None, out, 0, None, False) == 0
    assert run_test(place / "model.safetensors", None, tmp_path, 0, None, False) == 0
    for path in (tmp_path / "images").glob("*.jpg"):
        np.testing.assert_array_equal(read_photo(path), read_photo(out / "images" / path.name))
