"""CycleGAN with batch norm or dropout, converted and tested: what the official test does without --eval and with it.

Expected images come from NumPy in float64, by the official names of the arrays.
"""

import numpy as np
import pytest
from PIL import Image

from helpers.official_files import convert
from helpers.official_modules import Modules
from helpers.tiny import make_batch
from jittor_tsit.commands.test import run_test
from jittor_tsit.inference import options
from jittor_tsit.runs.loading import load_system
from jittor_tsit.systems.draws import Noise, key_of

HEIGHT, WIDTH = 64, 128
# Sums of up to 98 float32 products (eps 6e-8) are off by about 6e-7 of their size in each of 9 layers, which is 7e-4 of
# 127.5 grey levels; norms of weak channels and convolutions behind them may make that 50 times as much.
GREY_LEVELS = 0.05


def conv(x, weight, stride=1, padding=0):
    """[C, H, W], [O, C, k, k] -> [O, H', W']"""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], (1, 2))[:, ::stride, ::stride]
    return np.einsum("chwij,ocij->ohw", windows, weight)


def conv_transposed(x, weight):
    """Stride 2, padding 1, output padding 1: [C, H, W], [C, O, 3, 3] -> [O, 2 H, 2 W]"""
    spread = np.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2]))
    spread[:, ::2, ::2] = x
    return conv(spread, weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3), padding=1)


def mirrored(x, count):
    return np.pad(x, ((0, 0), (count, count), (count, count)), mode="reflect")


def image_of(arrays, photo, is_training, kept=None):
    """The image in [-1, 1] of a generator with one block.

    Args:
        is_training: Norms take the image's own statistics.
        kept: What dropout keeps of the block's features, [C, H, W] of zeros and ones, if there is dropout.
    """
    arrays = {name: array.astype(np.float64) for name, array in arrays.items()}

    def norm(x, name):
        mean, var = x.mean((1, 2)), x.var((1, 2))
        if not is_training:
            mean, var = arrays[f"{name}.running_mean"], arrays[f"{name}.running_var"]
        x = (x - mean[:, None, None]) / np.sqrt(var + 1e-5)[:, None, None]
        return x * arrays[f"{name}.weight"][:, None, None] + arrays[f"{name}.bias"][:, None, None]

    def relu(x):
        return np.maximum(x, 0)

    x = photo.transpose(2, 0, 1) / 127.5 - 1
    x = relu(norm(conv(mirrored(x, 3), arrays["model.1.weight"]), "model.2"))
    for k in (4, 7):
        x = relu(norm(conv(x, arrays[f"model.{k}.weight"], 2, 1), f"model.{k + 1}"))
    second = 5 if "model.10.conv_block.5.weight" in arrays else 6
    y = relu(norm(conv(mirrored(x, 1), arrays["model.10.conv_block.1.weight"]), "model.10.conv_block.2"))
    if kept is not None:
        y = y * kept * 2
    weight = arrays[f"model.10.conv_block.{second}.weight"]
    x = x + norm(conv(mirrored(y, 1), weight), f"model.10.conv_block.{second + 1}")
    for k in (11, 14):
        x = relu(norm(conv_transposed(x, arrays[f"model.{k}.weight"]), f"model.{k + 1}"))
    x = conv(mirrored(x, 3), arrays["model.18.weight"]) + arrays["model.18.bias"][:, None, None]
    return np.tanh(x)


def generator(rng, has_dropout):
    """Random official arrays whose images have all grey values."""
    arrays = Modules(rng, "batch").resnet(width=2, num_blocks=1, has_dropout=has_dropout)
    for name in arrays:
        if name.endswith("running_var"):
            arrays[name] = np.abs(arrays[name]) + 0.5
        if name.startswith("model.18."):
            arrays[name] *= 0.05
    return arrays


@pytest.fixture
def written(monkeypatch):
    """What `test` would write as JPEG: file name -> pixels."""
    found = {}
    monkeypatch.setattr(options, "write_photo", lambda path, pixels, quality: found.update({path.name: pixels}))
    return found


def assert_shows(pixels, image):
    expected = (image.transpose(1, 2, 0) + 1) * 127.5
    assert expected.std() > 20, "an image without content"
    assert np.abs(pixels - expected).max() <= 0.5 + GREY_LEVELS


@pytest.mark.parametrize("has_dropout", [False, True])
def test_a_converted_model_is_tested_as_the_official_program_does_without_eval(
    tmp_path, rng, written, capsys, has_dropout
):
    networks = {name: generator(rng, has_dropout) for name in ("G_A", "G_B")}
    checkpoint = convert(tmp_path, "cyclegan", networks, f"image_width={WIDTH}", f"image_height={HEIGHT}")
    said = capsys.readouterr().out
    dropout = " and keeps dropout on" if has_dropout else ""
    assert f"test normalises each image by its own statistics{dropout}, as the official test without --eval" in said
    photos = {name: rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8) for name in ("one", "two")}
    photos["two"] //= 2  # darker: other statistics
    (tmp_path / "photos").mkdir()
    for name, photo in photos.items():
        Image.fromarray(photo).save(tmp_path / f"photos/{name}.png")
    for official, back in (("G_A", False), ("G_B", True)):
        assert run_test(checkpoint, tmp_path / "photos", tmp_path / official, 5, None, False, back) == 0
        for name, photo in photos.items():
            draws = Noise(5).normal("dropout test 0", [key_of(name)], (8, HEIGHT // 4, WIDTH // 4)).numpy()[0]
            kept = (draws > 0) if has_dropout else None
            assert_shows(written[f"{name}.jpg"], image_of(networks[official], photo, True, kept))
        written.clear()


def test_without_training_mode_running_statistics_hold_and_dropout_is_off(tmp_path, rng, written, capsys):
    networks = {"G_A": generator(rng, has_dropout=True)}
    size = f"image_width={WIDTH}", f"image_height={HEIGHT}"
    checkpoint = convert(tmp_path, "cyclegan", networks, *size, "training_mode_at_test=false")
    said = capsys.readouterr().out
    assert "test uses running statistics and no dropout, as the official test with --eval" in said
    photo = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo).save(tmp_path / "photos/one.png")
    assert run_test(checkpoint, tmp_path / "photos", tmp_path / "out", 0, None, False) == 0
    assert_shows(written["one.jpg"], image_of(networks["G_A"], photo, False))


def test_testing_leaves_the_running_statistics_alone(tmp_path, rng):
    size = f"image_width={WIDTH}", f"image_height={HEIGHT}"
    made, _ = load_system(convert(tmp_path, "cyclegan", {"G_A": generator(rng, has_dropout=False)}, *size))
    before = {name: var.numpy() for name, var in made.state_dict().items()}
    made.generate(make_batch(made, size=2, height=HEIGHT, width=WIDTH), Noise(0)).sync()
    for name, var in made.state_dict().items():
        np.testing.assert_array_equal(var.numpy(), before[name], err_msg=name)
