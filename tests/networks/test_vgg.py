"""Weights of VGG: their sources, faults in files, and content features."""

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.networks import vgg
from jittor_tsit.runtime import jittor_hub


def random_weights(arch, width=2):
    """Arrays in torchvision's names, every layer `width` channels wide."""
    indices = [index for stage in vgg.STAGES[arch] for index in stage]
    rng, weights = np.random.default_rng(0), {}
    for index in indices:
        weights[f"features.{index}.weight"] = rng.standard_normal((width, 3 if index == 0 else width, 3, 3))
        weights[f"features.{index}.bias"] = rng.standard_normal(width)
    return weights


@pytest.mark.parametrize("arch", vgg.STAGES)
def test_weights_come_from_the_named_file(tmp_path, arch):
    np.savez(tmp_path / "weights.npz", **random_weights(arch))
    features = vgg.find_vgg(arch, str(tmp_path / "weights.npz"))
    assert sum(features.stages) == {"vgg16": 11, "vgg19": 13}[arch]  # convolutions up to relu5_1


def test_a_file_of_another_network_is_refused(tmp_path):
    weights = random_weights("vgg16")
    del weights["features.24.weight"]
    np.savez(tmp_path / "weights.npz", **weights)
    with pytest.raises(InputError, match="weights.npz: not vgg16 weights.*features.24.weight"):
        vgg.find_vgg("vgg16", str(tmp_path / "weights.npz"))


def test_without_file_and_network_the_three_ways_out_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("JITTOR_HOME", str(tmp_path))
    monkeypatch.setattr(jittor_hub, "HUB", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(InputError, match="fetch vgg19.*judges/vgg19.pth.*perceptual_weights=FILE.*weights.vgg=0"):
        vgg.find_vgg("vgg19", "")
    assert not list((tmp_path / ".cache/jittor/checkpoints").iterdir())


def test_what_was_fetched_is_found_without_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jittor_hub, "HUB", "http://127.0.0.1:9")
    (tmp_path / "judges").mkdir()
    with open(tmp_path / "judges/vgg19.pth", "wb") as file:  # recognised by its content
        np.savez(file, **random_weights("vgg19"))
    assert vgg.find_vgg("vgg19", "").stages == [2, 2, 4, 4, 1]


def test_what_the_hub_gave_before_is_used_again(tmp_path, monkeypatch):
    monkeypatch.setenv("JITTOR_HOME", str(tmp_path))
    monkeypatch.setattr(jittor_hub, "HUB", "http://127.0.0.1:9")
    folder = tmp_path / ".cache/jittor/checkpoints"
    folder.mkdir(parents=True)
    with open(folder / "vgg19.pkl", "wb") as file:  # told by its content
        np.savez(file, **random_weights("vgg19"))
    assert vgg.find_vgg("vgg19", "").stages == [2, 2, 4, 4, 1]


def test_content_features_are_caffes_of_the_fifth_stage_without_its_pooling(tmp_path):
    np.savez(tmp_path / "weights.npz", **random_weights("vgg16"))
    image = np.random.default_rng(1).uniform(-1, 1, (1, 3, 16, 24)).astype(np.float32)
    ours = vgg.ContentFeatures(tmp_path / "weights.npz")(jt.array(image)).numpy()

    weights, x = (
        random_weights("vgg16"),
        (image[0, ::-1] + 1) * 127.5 - np.reshape([103.939, 116.779, 123.68], (3, 1, 1)),
    )
    for number, stage in enumerate(vgg.STAGES["vgg16"]):
        if 0 < number < 4:
            channels, height, width = x.shape
            x = x.reshape(channels, height // 2, 2, width // 2, 2).max((2, 4))
        for index in stage:
            x = np.maximum(convolved(x, weights[f"features.{index}.weight"], weights[f"features.{index}.bias"]), 0)
    expected = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    assert ours.shape == (1, 2, 2, 3)
    # The rounding error of a sum of n products is sqrt(n) 2^-24 of its terms: 4e-6 for 9 * 512 products. Over 13 layers
    # it grows to 15e-6 if the errors are independent, to 53e-6 if they add up. The map of the fifth stage has 2 x 3
    # pixels, whose deviation can be a tenth of their mean, so the norm can multiply the error by 10.
    np.testing.assert_allclose(ours[0], expected, rtol=0, atol=10 * 53e-6 * max(1, np.abs(expected).max()))


def convolved(x, weight, bias):
    """3 x 3 convolution with zero padding, [C, H, W] -> [D, H, W]."""
    padded, (_, height, width) = np.pad(x, ((0, 0), (1, 1), (1, 1))), x.shape
    windows = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.einsum("dck,kchw->dhw", weight.reshape(*weight.shape[:2], 9), windows) + bias[:, None, None]
