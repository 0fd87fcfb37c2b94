"""Rendered landscapes and the sets written from them."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.rendering import picture
from data_tools.rendering import write_set as synthetic
from data_tools.rendering.canvas import Canvas
from data_tools.rendering.light import choose_light
from data_tools.rendering.terrain import Camera, Land, View, cast
from data_tools.rendering.write_set import render, write_set
from data_tools.sets.checking import check_pairs
from data_tools.sets.classes import CLASS_IDS, NUM_CLASSES
from data_tools.sets.image_io import read_label, read_photo
from data_tools.sets.pairing import find_labels, find_pairs
from helpers.same_bytes import contents, digest

SMALL = {"width": 96, "height": 72}


# Pictures


def test_a_picture_has_the_asked_size_and_types():
    photo, label = render(0, 0, width=100, height=60)
    assert photo.shape == (60, 100, 3) and photo.dtype == np.uint8
    assert label.shape == (60, 100) and label.dtype == np.uint8 and label.max() < NUM_CLASSES


def test_the_same_arguments_give_the_same_bytes_in_another_process():
    code = (
        "import hashlib; from data_tools.rendering.write_set import render; render(1, 9, 64, 48); "
        "p, l = render(3, 5, 128, 96); print(hashlib.sha256(p.tobytes() + l.tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    photo, label = render(3, 5, 128, 96)
    ours = hashlib.sha256(photo.tobytes() + label.tobytes()).hexdigest()
    assert ours == other


def test_seed_and_index_both_change_the_picture():
    first = render(0, 0, **SMALL)[0]
    assert not np.array_equal(first, render(0, 1, **SMALL)[0])
    assert not np.array_equal(first, render(1, 0, **SMALL)[0])


@pytest.mark.parametrize("seed", [0, 1])
def test_64_pictures_show_many_classes_and_mostly_mountain_and_sky(seed):
    counts = sum(np.bincount(render(seed, i, 128, 96)[1].ravel(), minlength=NUM_CLASSES) for i in range(64))
    assert (counts > 0).sum() >= 18
    largest = set(np.argsort(-counts)[:2].tolist())
    assert largest == {CLASS_IDS["sky"], CLASS_IDS["mountain"]}


@pytest.mark.parametrize("kind", list(picture.SCENES), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("size", [(96, 72), (33, 64)])
def test_every_scene_can_be_painted_at_any_size(kind, size):
    for seed in range(4):
        photo, label = picture.paint(kind, np.random.default_rng(seed), *size)
        assert photo.shape == (size[1], size[0], 3) and label.shape == size[::-1]
        assert photo.std() > 5  # a picture, not a flat colour


def test_label_borders_lie_where_the_colours_change():
    """A boat's pixels differ from the water around it, so the label map is exact, neither blurred nor shifted."""
    found = 0
    for index in range(40):
        photo, label = render(2, index, 256, 192)
        boat = label == CLASS_IDS["ship"]
        boat |= label == CLASS_IDS["boat"]
        if not 40 <= boat.sum() <= 2000:
            continue
        inside = np.abs(np.diff(photo.astype(int), axis=1)).sum(axis=-1)
        border = boat[:, 1:] != boat[:, :-1]
        assert inside[border].mean() > 2 * np.median(inside)
        found += 1
    assert found >= 3


def test_flat_ground_ends_at_the_horizon_and_depth_follows_the_row():
    camera = Camera(width=8, height=40, horizon=10.0, focal=20.0, eye=1.0)
    view = cast(camera, Land(lambda x, z: np.zeros_like(x), []))
    rows = view.pixels // 8
    assert set(rows.tolist()) == set(range(10, 40))
    near = rows >= 14  # depth 5 and less; farther slices lie wide apart
    expected = 20.0 / (rows[near] + 0.5 - 10)
    assert np.allclose(view.z[near], expected, rtol=2e-3)
    assert np.allclose(view.x[near], view.z[near] * (view.pixels[near] % 8 + 0.5 - 4) / 20, rtol=1e-4)


def test_a_near_ridge_hides_what_lies_behind_it():
    camera = Camera(width=4, height=40, horizon=20.0, focal=20.0, eye=1.0)
    ridge = Land(lambda x, z: np.where((z > 4) & (z < 5), 2.0, np.where(z > 8, 1.5, 0.0)).astype(np.float32), [])
    view = cast(camera, ridge)
    assert view.z.max() < 5.1  # the plateau behind would show at row 20 - 0.5 * 20 / 8 and below, inside the ridge


def test_a_sprite_takes_the_pixels_it_covers_by_half_unless_something_nearer_stands_there():
    camera = Camera(width=4, height=3, horizon=1.0, focal=4.0, eye=1.0)
    near = View(np.array([6]), *np.float32([[0.0], [2.0], [0.0]]))  # row 1, column 2 shows ground at depth 2
    canvas = Canvas(camera, choose_light(np.random.default_rng(0)), near)
    alpha = np.array([[127, 128, 255, 255], [255, 0, 255, 129]], np.uint8)
    sprite = Image.fromarray(np.dstack([np.full((2, 4, 3), 200, np.uint8), alpha]))
    canvas.paste(sprite, left=-1, top=0, depth=10.0, name="boat")
    sky, boat = CLASS_IDS["sky"], CLASS_IDS["boat"]
    assert canvas.label.tolist() == [[boat, boat, boat, sky], [sky, boat, sky, sky], [sky] * 4]
    assert canvas.depth[0, 0] == 10 and canvas.depth[1, 2] == 2
    assert (canvas.photo[:, 0, :3] > 0.1).all() and (canvas.photo[:, 1, 2] == 0).all()


@pytest.mark.parametrize("size", [(16, 64), (64, 5000)])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(InputError, match="is not in 32..4096"):
        render(0, 0, *size)


# Sets


def test_a_written_set_is_sound_and_holds_what_was_rendered(tmp_path):
    write_set(tmp_path, count=3, seed=7, test_count=2, **SMALL)
    pairs = find_pairs(tmp_path)
    assert [p.stem for p in pairs] == ["synth_000000", "synth_000001", "synth_000002"]
    assert check_pairs(pairs, progress=False) == []
    photo, label = render(7, 2, **SMALL)
    assert np.array_equal(read_label(pairs[2].label), label)
    assert np.abs(read_photo(pairs[2].photo).astype(int) - photo).mean() < 4  # JPEG at quality 95
    tests = find_labels(tmp_path)
    assert len(tests) == 2 and not {p.stem for p in tests} & {p.stem for p in pairs}


def test_an_interrupted_set_is_completed_to_the_same_bytes_without_rendering_the_rest(tmp_path, monkeypatch):
    write_set(tmp_path / "whole", count=4, seed=1, test_count=1, **SMALL)
    write_set(tmp_path / "part", count=4, seed=1, test_count=1, **SMALL)
    (tmp_path / "part/train/imgs/synth_000002.jpg").unlink()
    (tmp_path / "part/train/labels/synth_000003.png").unlink()
    rendered = []
    monkeypatch.setattr(synthetic, "render", lambda *a: rendered.append(a[1]) or render(*a))
    write_set(tmp_path / "part", count=4, seed=1, test_count=1, **SMALL)
    assert rendered == [2, 3]
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")


def test_a_larger_count_adds_to_the_set(tmp_path):
    write_set(tmp_path, count=1, seed=0, **SMALL)
    first = contents(tmp_path / "train")
    write_set(tmp_path, count=2, seed=0, **SMALL)
    second = contents(tmp_path / "train")
    assert len(second) == 4 and first.items() <= second.items()


@pytest.mark.parametrize("change", [{"seed": 1}, {"width": 100}, {"height": 100}])
def test_another_set_in_the_folder_is_refused(tmp_path, change):
    write_set(tmp_path, **{"count": 1, "seed": 0, **SMALL})
    before = contents(tmp_path)
    with pytest.raises(InputError, match="holds another set"):
        write_set(tmp_path, **{"count": 1, "seed": 0, **SMALL, **change})
    assert contents(tmp_path) == before


def test_a_set_of_another_version_is_refused(tmp_path, monkeypatch):
    write_set(tmp_path, count=1, seed=0, **SMALL)
    monkeypatch.setattr(synthetic, "VERSION", synthetic.VERSION + 1)
    with pytest.raises(InputError, match="holds another set"):
        write_set(tmp_path, count=1, seed=0, **SMALL)


@pytest.mark.parametrize(
    "place", ["train/imgs/me.jpg", "train/labels/me.png", "test/me.png", "train/imgs/synth_000000.jpg"]
)
def test_files_of_unknown_origin_are_refused(tmp_path, place):
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_bytes(b"mine")
    with pytest.raises(InputError, match=r"holds 1 files that are not of this set"):
        write_set(tmp_path, count=1, seed=0, **SMALL)
    assert contents(tmp_path) == {place: digest(b"mine")}


def test_more_pairs_than_asked_for_are_refused(tmp_path):
    write_set(tmp_path, count=3, seed=0, **SMALL)
    with pytest.raises(InputError, match=r"holds 2 files .* the first is synth_000001\.jpg"):
        write_set(tmp_path, count=1, seed=0, **SMALL)


def test_a_spoiled_record_is_refused(tmp_path):
    (tmp_path / "synth.json").write_text("{")
    with pytest.raises(InputError, match="synth.json: is not valid JSON"):
        write_set(tmp_path, count=1, seed=0, **SMALL)


@pytest.mark.parametrize("change", [{"count": 0}, {"seed": -1}, {"test_count": -1}, {"width": 8}, {"count": 10**6}])
def test_a_number_out_of_range_is_refused_before_anything_is_written(tmp_path, change):
    with pytest.raises(InputError, match="is not in"):
        write_set(tmp_path / "out", **{"count": 1, "seed": 0, **SMALL, **change})
    assert not (tmp_path / "out").exists()


def test_the_record_says_which_set_it_is(tmp_path):
    write_set(tmp_path, count=1, seed=5, **SMALL)
    record = json.loads((tmp_path / "synth.json").read_text())
    assert record == {"version": synthetic.VERSION, "seed": 5, "width": 96, "height": 72}
