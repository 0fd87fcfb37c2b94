"""BicycleGAN's generator alone: converted, tested and exported without E, which only finds the styles of photos."""

import jittor as jt
import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from helpers.official_files import assert_same_again, convert, one_of
from helpers.official_modules import Modules
from helpers.reference_vectors import assert_close
from helpers.same_bytes import assert_same_bytes
from jittor_tsit.commands.test import run_test
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.inference.choose import JudgeOptions, run_with_candidates
from jittor_tsit.inference.model import load_model
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.runs.checkpoint import load_checkpoint
from jittor_tsit.runs.loading import load_system


def config_of(checkpoint):
    return load_checkpoint(checkpoint).experiment["config"]


def test_a_generator_with_the_code_in_every_level_makes_the_recorded_image(tmp_path, capsys):
    vectors = one_of(kind="netG", system="BicycleGAN", where_add="all")
    size = f"image_width={vectors.config['W']}", f"image_height={vectors.config['H']}"
    checkpoint = convert(tmp_path, "bicyclegan", {"G": vectors.group("param/")}, *size)
    said = capsys.readouterr().out
    assert "without E: test draws the styles" in said and "z_dim=" not in said  # the second level tells it
    made, _ = load_system(checkpoint)
    assert list(made.networks) == ["G"] and not made.has_code
    assert (made.config.z_dim, made.config.in_channels) == (vectors.config["nz"], vectors.config["input_nc"])
    with jt.no_grad(), evaluating(made.G):
        image = made.G(jt.array(vectors["input/image"]), jt.array(vectors["input/z"])).numpy()
    image = vectors.thin("output/image", image)
    assert_close(image, vectors["output/image"], 5e-4, "image")  # the vectors' tolerance for deep generators
    assert_same_again(tmp_path, checkpoint, {"G": vectors.group("param/")})


@pytest.mark.parametrize("in_channels", [1, 3])
def test_a_code_of_eight_values_is_taken_for_granted_where_only_the_sum_is_told(tmp_path, rng, capsys, in_channels):
    arrays = Modules(rng, "instance").latent_unet(6, 2, 5 + in_channels, False, "basic")  # made for 3 channels
    checkpoint = convert(tmp_path, "bicyclegan", {"G": arrays})
    assert f"in_channels={in_channels}, z_dim=8" in capsys.readouterr().out
    assert (config_of(checkpoint)["in_channels"], config_of(checkpoint)["z_dim"]) == (in_channels, 8)


def test_another_code_is_set_by_hand_and_a_wrong_sum_is_named(tmp_path, rng):
    arrays = Modules(rng, "instance").latent_unet(6, 2, 3, False, "basic")
    found = config_of(convert(tmp_path, "bicyclegan", {"G": arrays}, "in_channels=1", "z_dim=5"))
    assert (found["in_channels"], found["z_dim"]) == (1, 5)
    with pytest.raises(InputError, match=r"model.model.0.weight has shape \(2, 6, 4, 4\).*in_channels=1, z_dim=3"):
        convert(tmp_path, "bicyclegan", {"G": arrays}, "in_channels=1")


@pytest.fixture
def alone(tmp_path, rng):
    """Makes a checkpoint of a small generator."""
    arrays = Modules(rng, "instance").latent_unet(6, 2, 3, True, "basic")
    for name in ("model.up.1.weight", "model.up.1.bias"):
        arrays[name] *= 0.1  # so that tanh is not at its ends
    return lambda *options: convert(tmp_path, "bicyclegan", {"G": arrays}, *options)


def test_a_generator_alone_draws_several_styles_of_an_image(tmp_path, rng, alone):
    checkpoint = alone("image_width=128", "image_height=64")
    (tmp_path / "photos").mkdir()
    Image.fromarray(rng.integers(0, 256, (64, 128, 3)).astype(np.uint8)).save(tmp_path / "photos/a.png")
    judging = JudgeOptions(Judges(tmp_path), None, None, False)
    assert run_with_candidates([checkpoint], 2, tmp_path / "photos", tmp_path / "out", 0, None, False, judging) == 0
    first, second = (np.asarray(Image.open(tmp_path / f"out/images/a_{k}.jpg")).astype(int) for k in (1, 2))
    assert first.shape == (64, 128, 3) and first.std() > 10 and np.abs(first - second).mean() > 1


def test_the_input_of_a_pair_makes_the_same_images_as_it_makes_alone(tmp_path, rng, alone):
    checkpoint = alone("image_width=128", "image_height=64", "direction=BtoA")
    pair = rng.integers(0, 256, (64, 192, 3)).astype(np.uint8)  # its proportions tell neither one image nor two
    for name, image in (("pair", pair), ("single", pair[:, 96:])):
        (tmp_path / name).mkdir()
        Image.fromarray(image).save(tmp_path / name / "a.png")
        judging = JudgeOptions(Judges(tmp_path), None, None, False)
        is_pair = name == "pair"
        arguments = tmp_path / name, tmp_path / name / "two", 0, None, False, judging, is_pair
        assert run_with_candidates([checkpoint], 2, *arguments) == 0
        assert run_test(checkpoint, tmp_path / name, tmp_path / name / "one", 0, None, False, side_by_side=is_pair) == 0
    for image in ("two/images/a_1.jpg", "two/images/a_2.jpg", "one/images/a.jpg"):
        assert_same_bytes(tmp_path / "pair" / image, tmp_path / "single" / image)


def test_a_photos_style_needs_e_and_a_line_says_so(tmp_path, alone):
    checkpoint = alone("source=labels", "image_width=128", "image_height=64", "num_classes=29")
    write_set(tmp_path / "set", 1, 0, 128, 64, test_count=1)
    assert run_test(checkpoint, tmp_path / "set/test", tmp_path / "out", 0, None, compare=False) == 0
    with pytest.raises(InputError) as caught:
        load_model(checkpoint, references=tmp_path)
    assert "lacks E, which finds the style of a photo; convert it with the file of E" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_label_maps_do_not_lie_in_pairs(tmp_path, alone):
    checkpoint = alone("source=labels", "image_width=128", "image_height=64", "num_classes=29")
    with pytest.raises(InputError, match="side_by_side: the model in .* takes no images in pairs"):
        run_test(checkpoint, tmp_path, tmp_path / "out", 0, None, False, side_by_side=True)
    judging = JudgeOptions(Judges(tmp_path), None, None, False)
    with pytest.raises(InputError, match="side_by_side: label maps do not lie in pairs"):
        run_with_candidates([checkpoint], 2, tmp_path, tmp_path / "out", 0, None, False, judging, side_by_side=True)


def test_a_converted_model_knows_no_folder_of_images(tmp_path, alone):
    judging = JudgeOptions(Judges(tmp_path), None, None, False)
    with pytest.raises(InputError, match="was made by convert and records no data set; name a folder by --data"):
        run_with_candidates([alone()], 2, None, tmp_path / "out", 0, None, False, judging)


def test_without_g_nothing_is_converted(tmp_path, rng):
    with pytest.raises(InputError, match="lacks G, which this bicyclegan needs to make images"):
        convert(tmp_path, "bicyclegan", {"E": Modules(rng, "instance").latent_encoder("resnet", 2, 3, 3)})
