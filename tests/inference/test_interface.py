"""The Python interface: models give the pixels that `test` writes, errors name what was given and what is allowed."""

import dataclasses
import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import jittor_tsit as jts
from data_tools.sets.image_io import read_label, read_photo, resize_photo, with_channels, write_label, write_photo
from helpers.same_bytes import assert_same_bytes
from helpers.source_files import ROOT
from helpers.tiny import CONFIGS
from helpers.untrained import draw_map, draw_photo, save_model
from jittor_tsit.commands.test import run_test
from jittor_tsit.runs.loading import load_system
from jittor_tsit.systems.cyclegan import CycleGANWeights

SMALL = {"image_width": 128, "image_height": 64}  # of systems that take images


def assert_written(path, image, tmp_path):
    """The file holds this image: equal pixels give equal bytes."""
    write_photo(tmp_path / "ours.jpg", image)
    assert_same_bytes(path, tmp_path / "ours.jpg")


@pytest.fixture(scope="module")
def tsit(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("tsit"), "tsit", output_width=120, output_height=50)


def test_images_of_label_maps_are_those_that_test_writes(tsit, tmp_path, rng):
    maps = [draw_map(rng, 40, 30), draw_map(rng, 300, 200)]
    (tmp_path / "maps").mkdir()
    for name, ids in zip("ab", maps):
        write_label(tmp_path / f"maps/{name}.png", ids)
    assert run_test(tsit, tmp_path / "maps", tmp_path, 3, None, compare=False) == 0
    model = jts.load(tsit)
    assert model.size == (120, 50)
    for name, ids in zip("ab", maps):
        image = model(ids.astype(np.int64), seed=3, name=name)
        assert image.shape == (50, 120, 3) and image.dtype == np.uint8
        assert_written(tmp_path / f"images/{name}.jpg", image, tmp_path)


def test_styles_of_photos_are_those_that_test_takes(tsit, tmp_path, rng):
    ids, photo = draw_map(rng), draw_photo(rng)
    (tmp_path / "maps").mkdir()
    write_label(tmp_path / "maps/a.png", ids)
    Image.fromarray(photo).save(tmp_path / "style.png")
    (tmp_path / "maps/label_to_img.json").write_text(json.dumps({"a.png": "style.png"}))
    assert run_test(tsit, tmp_path / "maps", tmp_path, 0, tmp_path, compare=False) == 0
    model = jts.load(tsit)
    assert model.takes_reference
    assert_written(tmp_path / "images/a.jpg", model(ids, reference=photo), tmp_path)


def test_a_batch_holds_what_its_images_are_alone(tsit, rng):
    model, maps, photos = jts.load(tsit), np.stack([draw_map(rng), draw_map(rng)]), [draw_photo(rng), draw_photo(rng)]
    batch = model(maps, seed=1)
    assert batch.shape == (2, 50, 120, 3)
    for k in range(2):
        np.testing.assert_array_equal(batch[k], model(maps[k], seed=1, name=str(k)))
    one_each, same = model(maps, reference=np.stack(photos)), model(maps, reference=photos[0])
    np.testing.assert_array_equal(one_each[0], same[0])
    np.testing.assert_array_equal(one_each[1], model(maps[1], reference=photos[1]))


def test_seed_and_name_draw_the_style(tsit, rng):
    model, ids = jts.load(tsit), draw_map(rng)
    images = [model(ids), model(ids, seed=1), model(ids, name="other")]
    np.testing.assert_array_equal(images[0], model(ids, seed=0, name="0"))
    assert not np.array_equal(images[0], images[1]) and not np.array_equal(images[0], images[2])


def test_a_folder_gives_its_newest_checkpoint(tsit):
    model = jts.load(str(tsit.parent))
    assert model.checkpoint == tsit and model.system == "tsit" and model.takes == "label maps"
    assert model.num_classes == 29 and model.class_names[:2] == ["mountain", "sky"] and model.palette.shape == (29, 3)
    assert "tsit" in repr(model) and "120x50" in repr(model)


def test_pixels_without_a_class_and_instances_are_read_as_by_test(tmp_path, rng):
    data = {"num_classes": 3, "unknown_id": 255, "instance_edges": True, **SMALL, "output_width": 128}
    path = save_model(tmp_path / "run", "pix2pix", **data)
    ids, objects = draw_map(rng, num_classes=3), draw_map(rng).astype(np.int32) * 1000
    ids[:5] = 255
    for folder, array in (("labels", ids), ("instances", objects)):
        (tmp_path / folder).mkdir()
        write_label(tmp_path / folder / "a.png", array)
    assert run_test(path, tmp_path, tmp_path, 0, None, compare=False) == 0
    model = jts.load(path)
    assert_written(tmp_path / "images/a.jpg", model(ids, instances=objects, name="a"), tmp_path)
    assert model.class_names == []
    with pytest.raises(ValueError, match="instances are needed: this model was trained with instance_edges=true"):
        model(ids)
    with pytest.raises(ValueError, match=r"class id 3 at pixel x=0, y=0; ids are 0\.\.2, or 255 where unknown"):
        model(np.full_like(ids, 3), instances=objects)
    with pytest.raises(ValueError, match="instances: have the shape"):
        model(ids, instances=objects[:5])


def test_photos_are_translated_both_ways_as_by_test(tmp_path, rng):
    path, photo = save_model(tmp_path / "run", "cyclegan", **SMALL), draw_photo(rng)
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo).save(tmp_path / "photos/a.png")
    model = jts.load(path)
    assert model.takes == "photos" and model.translates_back and model.size == (128, 64) and model.num_classes == 0
    for back in (False, True):
        out = tmp_path / str(back)
        assert run_test(path, tmp_path / "photos", out, 0, None, compare=False, back=back) == 0
        assert_written(out / "images/a.jpg", model(photo, back=back), tmp_path)
    assert model(np.stack([photo, photo])).shape == (2, 70, 117, 3)  # the photo's proportions


def test_a_model_from_grey_to_colour_reads_and_writes_both(tmp_path, rng):
    weights = CycleGANWeights(idt_a=0, idt_b=0)
    config = dataclasses.replace(CONFIGS["cyclegan"], in_channels=1, weights=weights)
    path, photo = save_model(tmp_path / "run", "cyclegan", config, **SMALL), draw_photo(rng)
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo).save(tmp_path / "photos/a.png")
    model = jts.load(path)
    for back, mode in ((False, "RGB"), (True, "L")):
        out = tmp_path / mode
        assert run_test(path, tmp_path / "photos", out, 0, None, compare=False, back=back) == 0
        ours = model(photo, back=back)
        assert ours.shape == (70, 117, 3) and (ours == ours[..., :1]).all() == back
        with Image.open(out / "images/a.jpg") as image:
            assert image.mode == mode
        assert_written(out / "images/a.jpg", ours[..., 0] if back else ours, tmp_path)
    np.testing.assert_array_equal(model(with_channels(photo, 1)), model(photo))  # colours make no difference


@pytest.mark.parametrize("attributes, classes", [((), ("sea", "wood")), (("Black_Hair", "Male"), ())])
def test_photos_get_labels_as_by_test(tmp_path, rng, attributes, classes):
    config = dataclasses.replace(CONFIGS["stargan"], attributes=attributes, classes=classes)
    path, photo = save_model(tmp_path / "run", "stargan", config, crop=20, **SMALL), draw_photo(rng)
    Image.fromarray(photo).save(tmp_path / "a.png")
    if attributes:
        (tmp_path / "images").mkdir()
        (tmp_path / "a.png").rename(tmp_path / "images/a.png")
        (tmp_path / "list_attr_celeba.txt").write_text(f"1\n{' '.join(attributes)}\na.png -1 1\n")
    assert run_test(path, tmp_path, tmp_path / "out", 0, None, compare=False) == 0
    model, label = jts.load(path), (0, 1) if attributes else ()
    assert model.targets == [*attributes, *classes]
    for target in model.targets:
        assert_written(tmp_path / f"out/images/a_{target}.jpg", model(photo, target=target, label=label), tmp_path)
    with pytest.raises(ValueError, match=f"target='desert': allowed are {', '.join(model.targets)}"):
        model(photo, target="desert", label=label)
    with pytest.raises(ValueError, match="a 0 or 1 for each of Black_Hair, Male" if attributes else "leave it out"):
        model(photo, target=model.targets[0], label=(1,))
    assert model(photo, target=model.targets[0]).shape == (64, 128, 3)


def test_a_segmenter_gives_class_ids(tmp_path, rng):
    path = save_model(tmp_path, "segformer")
    model, photos = jts.load(path), np.stack([draw_photo(rng), draw_photo(rng)])
    expected = load_system(path)[0].segment(photos[1])
    np.testing.assert_array_equal(model(photos)[1], expected)
    assert model(photos[1]).shape == (30, 50)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            (np.zeros((4, 4)),),
            r"inputs: an array of shape \(4, 4\) and type float64 was given; label maps are \[H, W\]",
        ),
        ((np.zeros((4, 4, 3, 1), int),), r"inputs: an array of shape \(4, 4, 3, 1\)"),
        ((np.zeros((0, 4, 4), int),), r"inputs: an array of shape \(0, 4, 4\)"),
        ((np.full((4, 4), 29),), r"inputs, 0: class id 29 at pixel x=0, y=0; ids are 0\.\.28"),
        ((np.full((4, 4), -1),), "inputs, 0: class id -1"),
        ((np.zeros((4, 4), int), -1), "seed=-1: a whole number of at least 0 is needed"),
        ((np.zeros((4, 4), int), 0, np.zeros((4, 4, 3))), r"reference: .* float64 was given; photos are \[H, W, 3\]"),
        ((np.zeros((2, 4, 4), int), 0, np.zeros((3, 4, 4, 3), np.uint8)), "reference: 3 were given for 2 inputs"),
        ((np.zeros((2, 4, 4), int), 0, None, ["a"]), "name: 1 were given for 2 inputs"),
        ((np.zeros((4, 4), int), 0, None, None, np.zeros((4, 4), int)), "instances: leave them out"),
        ((np.zeros((4, 4), int), 0, None, None, None, "sea"), "target='sea': this model has none; leave it out"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tsit, arguments, message):
    with pytest.raises(jts.InputError, match=message):
        jts.load(tsit)(*arguments)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"size": 5}, r"size=5: needed is \(width, height\) in pixels, two whole numbers of at least 1"),
        ({"size": (128, 64.5)}, r"size=\(128, 64.5\): needed is"),
        ({"name": 3}, "name=3: a text is needed, or one for each input"),
        ({"label": 1}, "label=1: a list of zeros and ones is needed"),
        ({"back": "no"}, "back='no': True or False is needed"),
        ({"seed": "1"}, "seed='1': a whole number"),
        ({"reference": "photo.jpg"}, "reference: an array of shape .* was given; photos are"),
        ({"inputs": [[0], [0, 1]]}, r"inputs=\[\[0\], \[0, 1\]\]: an array is needed"),
    ],
)
def test_arguments_of_another_type_are_refused(tsit, options, message):
    with pytest.raises(jts.InputError, match=f"^{message}"):
        jts.load(tsit)(**{"inputs": np.zeros((4, 4), int), **options})


def test_options_that_a_model_has_no_use_for_are_refused(tsit, tmp_path, rng):
    with pytest.raises(ValueError, match="has learned one direction only"):
        jts.load(tsit)(draw_map(rng), back=True)
    cyclegan = jts.load(save_model(tmp_path, "cyclegan", **SMALL))
    with pytest.raises(ValueError, match="takes no style from a photo"):
        cyclegan(draw_photo(rng), reference=draw_photo(rng))
    with pytest.raises(ValueError, match=r"photos are \[H, W, 3\] or \[N, H, W, 3\] uint8 RGB"):
        cyclegan(draw_map(rng))


def test_what_is_no_model_for_arrays_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no such run or checkpoint"):
        jts.load(tmp_path / "gone")
    with pytest.raises(ValueError, match="holds no checkpoint"):
        jts.load(tmp_path)
    with pytest.raises(ValueError, match="device='gpu': allowed are auto, cpu"):
        jts.load(tmp_path, device="gpu")
    path = save_model(tmp_path / "digits", "unit_digits", image_width=32, image_height=32)
    with pytest.raises(ValueError, match="this model of unit_digits cannot be called"):
        jts.load(path)


def test_the_programs_signal_handlers_stay(tsit):
    def own(*_):
        pass

    before = signal.signal(signal.SIGINT, own)
    try:
        jts.load(tsit)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_score_gives_the_terms_of_the_command(tmp_path, rng):
    for name in ("images", "labels", "real"):
        (tmp_path / name).mkdir()
    for name in "ab":
        write_photo(tmp_path / f"images/{name}.jpg", draw_photo(rng))
        write_photo(tmp_path / f"real/{name}.jpg", draw_photo(rng))
        write_label(tmp_path / f"labels/{name}.png", np.zeros((30, 50), np.uint8))
    (tmp_path / "seg.py").write_text("def segment(photo):\n    return (photo[..., 0] > 127).astype(int)\n")
    folders = [tmp_path / name for name in ("images", "labels", "real")]
    terms = jts.score(*folders, judges=tmp_path / "none", segmenter=tmp_path / "seg.py")
    dark = np.mean([read_photo(tmp_path / f"images/{name}.jpg")[..., 0] <= 127 for name in "ab"])
    assert terms["mask_accuracy"].value == pytest.approx(dark)
    assert terms["fid"].value is None and "inception" in terms["fid"].note
    assert terms["score"].value is None and terms["score"].note == "needs aesthetic, fid"
    with pytest.raises(ValueError, match="board='2021': allowed are 2022a, 2022b, 2023a"):
        jts.score(*folders, board="2021")


def test_the_packages_list_their_public_names():
    code = (
        "import sys, jittor_tsit, data_tools\n"
        "assert 'jittor' not in sys.modules and 'cv2' not in sys.modules\n"
        "for package in (jittor_tsit, data_tools):\n"
        "    for name in package.__all__:\n"
        "        getattr(package, name); assert name in dir(package), name\n"
        "sys.exit('jittor' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
    with pytest.raises(AttributeError, match="has no attribute 'trains'"):
        jts.trains  # noqa: B018


def test_labels_read_by_data_tools_are_what_a_model_takes(tsit, tmp_path, rng):
    import data_tools

    ids = draw_map(rng)
    data_tools.write_label(tmp_path / "a.png", ids)
    np.testing.assert_array_equal(data_tools.read_label(tmp_path / "a.png"), read_label(tmp_path / "a.png"))
    picture = data_tools.colorize(ids)
    assert resize_photo(picture, 10, 10).shape == (10, 10, 3)
