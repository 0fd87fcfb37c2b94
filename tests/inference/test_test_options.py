"""`test` with --data of one file, --draws, --size, --keep-size, --format and --quality, and its output folder."""

import contextlib
import dataclasses
import zipfile

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.command_line import image_size
from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_photo, write_label
from helpers.same_bytes import assert_same_bytes
from helpers.tiny import CONFIGS
from helpers.untrained import draw_map, draw_photo, save_model
from jittor_tsit.__main__ import main
from jittor_tsit.commands.test import input_list, run_test
from jittor_tsit.inference.options import ImageOptions
from jittor_tsit.inference.results import folders_of_sets

SMALL = {"image_width": 64, "image_height": 32}


@pytest.fixture(scope="module")
def cyclegan(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "cyclegan", "cyclegan", **SMALL)


@pytest.fixture(scope="module")
def tsit(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "tsit", "tsit", output_width=256, output_height=128)


def save(folder, name, photo):
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photo).save(folder / name)


def size_of(path):
    with Image.open(path) as image:
        return image.size


def names_in(out):
    return sorted(path.name for path in (out / "images").iterdir())


@pytest.mark.parametrize(
    "options, size",
    [(ImageOptions(), (68, 30)), (ImageOptions(size=(40, 20)), (40, 20)), (ImageOptions(keep_size=True), (200, 88))],
)
def test_a_translated_photo_keeps_its_shape_or_has_the_size_asked_for(cyclegan, tmp_path, rng, options, size):
    save(tmp_path / "in", "a.jpg", draw_photo(rng, 200, 88))
    assert run_test(cyclegan, tmp_path / "in", tmp_path / "out", 0, None, True, images=options) == 0
    assert size_of(tmp_path / "out/images/a.jpg") == size


def test_photos_of_all_shapes_share_a_sheet(cyclegan, tmp_path, rng):
    for name, size in (("a", (200, 88)), ("b", (30, 90)), ("c", (64, 32))):
        save(tmp_path / "in", f"{name}.png", draw_photo(rng, *size))
    assert run_test(cyclegan, tmp_path / "in", tmp_path / "out", 0, None, compare=True) == 0
    assert (tmp_path / "out/compare.png").is_file()


def test_one_file_is_enough(cyclegan, tmp_path, rng):
    save(tmp_path, "me.jpg", draw_photo(rng))
    assert run_test(cyclegan, tmp_path / "me.jpg", tmp_path / "out", 0, None, False) == 0
    assert names_in(tmp_path / "out") == ["me.jpg"]
    with pytest.raises(InputError, match="absent.jpg: no such folder or file"):
        run_test(cyclegan, tmp_path / "absent.jpg", tmp_path / "out", 0, None, False)


def test_images_of_renamed_inputs_are_those_of_the_inputs(cyclegan, tmp_path, rng):
    folder, out = tmp_path / "in", tmp_path / "out"
    for k in (0, 1, 2):
        save(folder, f"t{k}.png", draw_photo(rng))
    run_test(cyclegan, folder, out, 0, None, True)
    (out / "images/mine.txt").write_text("of the user")
    for k in (2, 1, 0):
        (folder / f"t{k}.png").rename(folder / f"t{k + 1}.png")
    run_test(cyclegan, folder, out, 0, None, False)
    run_test(cyclegan, folder, tmp_path / "fresh", 0, None, False)
    assert names_in(out) == ["mine.txt", "t1.jpg", "t2.jpg", "t3.jpg"] and not (out / "compare.png").exists()
    for name in names_in(tmp_path / "fresh"):
        assert_same_bytes(out / "images" / name, tmp_path / "fresh/images" / name)


def test_png_holds_the_pixels_and_replaces_the_jpegs(cyclegan, tmp_path, rng):
    save(tmp_path / "in", "a.png", draw_photo(rng))
    for options in (ImageOptions(), ImageOptions(format="png"), ImageOptions(format="webp", quality=50)):
        run_test(cyclegan, tmp_path / "in", tmp_path / "out", 0, None, False, images=options)
        assert names_in(tmp_path / "out") == [f"a.{options.format}"]
        with Image.open(tmp_path / f"out/images/a.{options.format}") as image:
            assert image.format == {"jpg": "JPEG"}.get(options.format, options.format.upper())


def test_an_image_is_never_written_over_its_input(cyclegan, tmp_path, rng):
    save(tmp_path / "images", "a.jpg", draw_photo(rng))
    before = (tmp_path / "images/a.jpg").read_bytes()
    with pytest.raises(InputError, match="the result would replace this input; name another folder by --out"):
        run_test(cyclegan, tmp_path / "images", tmp_path, 0, None, False)
    assert_same_bytes(tmp_path / "images/a.jpg", before)


def test_a_model_of_label_maps_makes_images_of_other_sizes(tsit, tmp_path, rng):
    (tmp_path / "in").mkdir()
    write_label(tmp_path / "in/a.png", draw_map(rng, 60, 40))
    options = ImageOptions(size=(128, 256))
    assert run_test(tsit, tmp_path / "in/a.png", tmp_path / "out", 0, None, True, images=options) == 0
    assert size_of(tmp_path / "out/images/a.jpg") == (128, 256) and read_photo(tmp_path / "out/images/a.jpg").std() > 0
    with pytest.raises(InputError, match="size 300x256: .* multiples of 128; the nearest are 256x256 and 384x256"):
        run_test(tsit, tmp_path / "in", tmp_path / "out", 0, None, False, images=ImageOptions(size=(300, 256)))


def test_several_draws_are_all_kept_and_not_packed(tsit, tmp_path, rng, capsys):
    (tmp_path / "in").mkdir()
    write_label(tmp_path / "in/a.png", draw_map(rng))
    out = tmp_path / "out"
    run_test(tsit, tmp_path / "in", out, 5, None, False)
    assert (out / "submission.zip").exists() and " score --images " in capsys.readouterr().out
    run_test(tsit, tmp_path / "in", out, 5, None, True, images=ImageOptions(draws=3))
    assert names_in(out) == ["a_1.jpg", "a_2.jpg", "a_3.jpg"] and not (out / "submission.zip").exists()
    assert "nothing is packed" in capsys.readouterr().out
    run_test(tsit, tmp_path / "in", tmp_path / "one", 6, None, False)
    assert_same_bytes(out / "images/a_2.jpg", tmp_path / "one/images/a.jpg")


def test_the_submission_holds_jpegs_whatever_the_format(tsit, tmp_path, rng):
    (tmp_path / "in").mkdir()
    write_label(tmp_path / "in/a.png", draw_map(rng))
    zips = []
    for name in ("jpg", "png"):
        run_test(tsit, tmp_path / "in", tmp_path / name, 0, None, False, images=ImageOptions(format=name))
        zips.append(tmp_path / name / "submission.zip")
        assert zipfile.ZipFile(zips[-1]).namelist() == ["a.jpg"]
    assert_same_bytes(*zips)


def test_every_photo_gets_every_class_in_its_own_proportions(tmp_path, rng):
    config = dataclasses.replace(CONFIGS["stargan"], attributes=(), classes=("forest", "old_forest"))
    model = save_model(tmp_path / "stargan", "stargan", config, **SMALL)
    for stem, size in (("1", (200, 88)), ("1_old", (64, 32))):
        save(tmp_path / "in", f"{stem}.jpg", draw_photo(rng, *size))
    assert run_test(model, tmp_path / "in", tmp_path / "out", 0, None, False) == 0
    names = [f"{stem}__{name}.jpg" for stem in ("1", "1_old") for name in ("forest", "old_forest")]
    assert names_in(tmp_path / "out") == sorted(names)
    assert [size_of(tmp_path / "out/images" / name) for name in names] == 2 * [(68, 30)] + 2 * [(64, 32)]
    assert run_test(model, tmp_path / "in/1.jpg", tmp_path / "one", 0, None, False) == 0
    assert names_in(tmp_path / "one") == ["1_forest.jpg", "1_old_forest.jpg"]


def test_several_sets_have_folders_of_their_own(tmp_path):
    out = tmp_path / "out"
    (tmp_path / "x,y").mkdir()
    assert folders_of_sets(out, None) == {out: None}
    assert folders_of_sets(out, input_list(str(tmp_path / "x,y"))) == {out: tmp_path / "x,y"}
    sets = input_list(f"{tmp_path}/a,{tmp_path}/b")
    assert folders_of_sets(out, sets) == {out / "a": tmp_path / "a", out / "b": tmp_path / "b"}
    sets = [tmp_path / "a/test", tmp_path / "b/test"]
    assert list(folders_of_sets(out, sets)) == [out / "a_test", out / "b_test"]


def test_options_that_exclude_each_other_are_refused():
    with pytest.raises(InputError, match="--size and --keep-size: only one of them is allowed"):
        ImageOptions(size=(1, 1), keep_size=True).check()
    with pytest.raises(InputError, match="--quality 9: a .png has no quality"):
        ImageOptions(format="png", quality=9).check()
    assert image_size("512X384") == (512, 384)


def test_colours_are_those_of_the_reference_photo(tsit, tmp_path, rng):
    (tmp_path / "maps").mkdir()
    write_label(tmp_path / "maps/a.png", draw_map(rng, 256, 128))
    save(tmp_path, "photo.png", np.full((8, 8, 3), (200, 100, 50), np.uint8))
    given = tmp_path / "maps", tmp_path / "out", 0, tmp_path / "photo.png"
    assert run_test(tsit, *given, False, images=ImageOptions(format="png")) == 0
    plain = (tmp_path / "out/images/a.png").read_bytes()
    assert run_test(tsit, *given, False, images=ImageOptions(format="png", match_colours=1)) == 0
    assert (read_photo(tmp_path / "out/images/a.png") == (200, 100, 50)).all()
    assert run_test(tsit, *given, False, images=ImageOptions(format="png")) == 0
    assert_same_bytes(tmp_path / "out/images/a.png", plain)


def test_photos_take_no_colours(cyclegan, tmp_path, rng):
    save(tmp_path / "in", "a.jpg", draw_photo(rng, 64, 32))
    with pytest.raises(InputError, match="--match-colours: the model in .* takes no label maps; leave it out"):
        run_test(cyclegan, tmp_path / "in", tmp_path / "out", 0, None, False, images=ImageOptions(match_colours=1))


@pytest.mark.parametrize(
    "options, message",
    [
        (["--match-colours", "0.5"], "--match-colours: needs photos whose colours are taken; add --references PATH"),
        (["--match-colours", "1.5"], "'1.5' is not a number from 0 to 1"),
        (["--match-colours", "1", "--references", "x", "--candidates", "2"], "--match-colours: not with --candidates"),
    ],
)
def test_colours_need_photos_and_keep_every_image(options, message, capsys):
    with contextlib.suppress(SystemExit):  # of the parser
        assert main(["test", *options]) == 2
    assert message in capsys.readouterr().err
