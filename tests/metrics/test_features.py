"""Features of image files, their cache, and messages about faulty files and weights."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_photo
from jittor_tsit.metrics import features
from jittor_tsit.metrics.features import (
    VGG_SIDE,
    Extractor,
    cached_features,
    features_of,
    fid_extractor,
    fid_input,
    find_images,
    vgg16_extractor,
    vgg_input,
)
from jittor_tsit.networks.vgg import STAGES


def channel_means(x):
    """A network that needs no Jittor."""
    return x.mean((2, 3))


MEANS = Extractor("test_frechet", "test_mmd", fid_input, channel_means, digest="0" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five photos of different sizes and shades."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(5):
        write_photo(folder / f"{number}.jpg", np.full((20 + number, 30, 3), 50 * number, np.uint8))
    return folder


def bilinear(photo, side):
    """Bilinear resizing between pixel centres: [H, W, 3] -> [side, side, 3], float64."""
    for axis in (0, 1):
        size = photo.shape[axis]
        place = np.clip((np.arange(side) + 0.5) * size / side - 0.5, 0, size - 1)
        first = np.minimum(place.astype(int), size - 2)
        share = (place - first).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        photo = photo.take(first, axis) * (1 - share) + photo.take(first + 1, axis) * share
    return photo


@pytest.mark.parametrize("size", ((384, 512), (299, 299), (598, 598), (31, 700)))
def test_fid_input_is_bilinear_between_pixel_centres(rng, size):
    photo = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    expected = 2 * bilinear(photo / 255, 299).transpose(2, 0, 1) - 1
    x = fid_input(photo)
    assert x.shape == (3, 299, 299) and x.dtype == np.float32
    np.testing.assert_allclose(x, expected, rtol=0, atol=1e-6)  # float32


def test_vgg_input_has_imagenets_mean_and_deviation():
    x = vgg_input(np.full((10, 20, 3), 51, np.uint8))
    assert x.shape == (3, VGG_SIDE, VGG_SIDE) and x.dtype == np.float32
    expected = (0.2 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(x, np.broadcast_to(expected[:, None, None], x.shape), rtol=1e-6)  # float32


def test_each_image_has_its_row_whatever_the_batch_size(folder):
    paths = find_images(folder)
    rows = [features_of(paths, MEANS, batch_size, workers=1) for batch_size in (1, 2, 8)]
    assert rows[0].shape == (5, 3) and rows[0].dtype == np.float32
    np.testing.assert_allclose(rows[0], np.full((5, 3), 50) * np.arange(5)[:, None] / 127.5 - 1, atol=1e-5)
    np.testing.assert_array_equal(rows[1], rows[0])
    np.testing.assert_array_equal(rows[2], rows[0])


def test_a_broken_file_is_named(folder, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((folder / "1.jpg").read_bytes()[:300])
    with pytest.raises(InputError, match="broken.jpg: "):
        features_of([folder / "0.jpg", broken], MEANS, workers=1)


def test_values_that_are_not_finite_are_refused(folder):
    damaged = MEANS._replace(network=lambda x: np.where(x[:, :, 0, 0] > 0, np.nan, 1))
    with pytest.raises(InputError, match="3.jpg: its test_frechet features are not finite; .*weights .*are damaged"):
        features_of(find_images(folder), damaged, workers=1)


def test_images_are_found_by_name(folder, tmp_path):
    for name in ("b.png", "a.jpeg", "a.JPG", ".hidden.jpg", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in find_images(tmp_path)] == ["a.JPG", "a.jpeg", "b.png"]


def test_folders_without_two_images_are_refused(tmp_path):
    with pytest.raises(InputError, match="none: no such folder"):
        find_images(tmp_path / "none")
    with pytest.raises(InputError, match="holds no images; images end in .jpg"):
        find_images(tmp_path)
    (tmp_path / "a.jpg").touch()
    with pytest.raises(InputError, match="holds 1 image.*at least 2 are needed"):
        find_images(tmp_path)
    with pytest.raises(InputError, match="a.jpg: is a file; a folder is needed"):
        find_images(tmp_path / "a.jpg")


@pytest.fixture
def photos(tmp_path):
    """Three files of 10 bytes and of a known time."""
    paths = [tmp_path / f"{name}.jpg" for name in "abc"]
    for path in paths:
        path.write_bytes(b"0123456789")
        os.utime(path, ns=(10**18, 10**18))
    return paths


@pytest.fixture
def computed(monkeypatch):
    """How often features were computed; they are random."""
    calls = []

    def compute(paths, extractor, batch_size, workers):
        calls.append(len(paths))
        return np.random.default_rng(len(calls)).random((len(paths), 4)).astype(np.float32)

    monkeypatch.setattr(features, "features_of", compute)
    return calls


def test_a_cache_is_used_again(photos, computed, tmp_path):
    cache = tmp_path / "new" / "real.npz"
    first = cached_features(photos, MEANS, cache)
    np.testing.assert_array_equal(cached_features(photos, MEANS, cache), first)
    assert computed == [3]
    assert [path.name for path in cache.parent.iterdir()] == ["real.npz"]


def touch(photos):
    os.utime(photos[1], ns=(10**18, 10**18 + 1))


def lengthen(photos):
    photos[1].write_bytes(b"0123456789!")
    os.utime(photos[1], ns=(10**18, 10**18))


def rename(photos):
    photos[1].rename(photos[1].with_name("d.jpg"))
    photos[1] = photos[1].with_name("d.jpg")


def remove(photos):
    del photos[1]


def swap(photos):
    photos.reverse()


@pytest.mark.parametrize("change", (touch, lengthen, rename, remove, swap))
def test_a_cache_of_other_files_is_replaced(photos, computed, tmp_path, change):
    cached_features(photos, MEANS, tmp_path / "real.npz")
    change(photos)
    new = cached_features(photos, MEANS, tmp_path / "real.npz")
    np.testing.assert_array_equal(cached_features(photos, MEANS, tmp_path / "real.npz"), new)
    assert computed == [3, len(photos)]


@pytest.mark.parametrize("other", (MEANS._replace(digest="1" * 64), MEANS._replace(frechet_name="other")))
def test_a_cache_of_another_network_is_replaced(photos, computed, tmp_path, other):
    cached_features(photos, MEANS, tmp_path / "real.npz")
    cached_features(photos, other, tmp_path / "real.npz")
    assert computed == [3, 3]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"features.npy") + 200] ^= 1  # among the numbers, behind the member's headers
    path.write_bytes(bytes(content))


def empty(path):
    path.write_bytes(b"")


def keep_the_key_only(path):
    np.savez(path, key=np.load(path)["key"])


def cut_a_row(path):
    arrays = np.load(path)
    np.savez(path, key=arrays["key"], features=arrays["features"][1:])


@pytest.mark.parametrize("damage", (truncate, flip_a_bit, empty, keep_the_key_only, cut_a_row))
def test_a_damaged_cache_is_replaced(photos, computed, tmp_path, damage):
    cache = tmp_path / "real.npz"
    first = cached_features(photos, MEANS, cache)
    damage(cache)
    new = cached_features(photos, MEANS, cache)
    assert computed == [3, 3] and not np.array_equal(new, first)
    np.testing.assert_array_equal(cached_features(photos, MEANS, cache), new)


def test_only_an_npz_file_is_overwritten(photos, computed, tmp_path):
    with pytest.raises(InputError, match="a.jpg: the cache of features must be a file with suffix .npz"):
        cached_features(photos, MEANS, photos[0])
    with pytest.raises(InputError, match="a.jpg: is a file; a folder is needed"):
        cached_features(photos, MEANS, photos[0] / "real.npz")


def test_a_file_that_is_gone_is_named(photos, computed, tmp_path):
    with pytest.raises(InputError, match="d.jpg: cannot be read: No such file"):
        cached_features([*photos, tmp_path / "d.jpg"], MEANS, tmp_path / "real.npz")


@pytest.fixture(scope="module")
def vgg_arrays():
    """A VGG-16 two channels wide."""
    rng, arrays, channels = np.random.default_rng(0), {}, 3
    for index in (index for stage in STAGES["vgg16"] for index in stage):
        arrays[f"features.{index}.weight"] = rng.standard_normal((2, channels, 3, 3)).astype(np.float32)
        arrays[f"features.{index}.bias"] = rng.random(2).astype(np.float32)
        channels = 2
    return arrays


def test_vgg_features_do_not_depend_on_the_batch(folder, tmp_path, vgg_arrays):
    np.savez(tmp_path / "vgg.npz", **vgg_arrays)
    extractor = vgg16_extractor(str(tmp_path / "vgg.npz"))
    assert (extractor.frechet_name, extractor.kernel_name) == ("vgg16_relu5_1_frechet", "vgg16_relu5_1_mmd")
    together, alone = (features_of(find_images(folder), extractor, size, workers=1) for size in (5, 1))
    assert together.shape == (5, 2) and together.std(0).min() > 0
    np.testing.assert_allclose(together, alone, rtol=1e-5)  # rounding through eleven layers


def test_each_layer_is_named(tmp_path, vgg_arrays):
    np.savez(tmp_path / "vgg.npz", **vgg_arrays)
    extractor = vgg16_extractor(str(tmp_path / "vgg.npz"), "relu1_1")
    assert extractor.frechet_name == "vgg16_relu1_1_frechet"
    bias = vgg_arrays[
        "features.0.bias"
    ]  # all that is left where the input is 0; the mean of 50,000 equal values rounds
    np.testing.assert_allclose(extractor.network(np.zeros((1, 3, 224, 224), np.float32)), bias[None], rtol=1e-5)
    with pytest.raises(InputError, match="layer=relu6_1: allowed are relu1_1, .*relu5_1"):
        vgg16_extractor(str(tmp_path / "vgg.npz"), "relu6_1")


def test_the_digest_is_of_the_weights_not_of_their_file(tmp_path, vgg_arrays):
    np.savez(tmp_path / "vgg.npz", **vgg_arrays)
    save_file(vgg_arrays, str(tmp_path / "vgg.safetensors"))
    np.savez(tmp_path / "other.npz", **{**vgg_arrays, "features.0.bias": np.zeros(2, np.float32)})
    digests = [vgg16_extractor(str(tmp_path / name)).digest for name in ("vgg.npz", "vgg.safetensors", "other.npz")]
    assert digests[0] == digests[1] != digests[2]


def test_weights_of_another_network_are_refused(tmp_path, vgg_arrays):
    np.savez(tmp_path / "vgg.npz", **vgg_arrays)
    with pytest.raises(InputError, match="vgg.npz: not the weights of pytorch-fid's Inception-v3: missing Conv2d_1a"):
        fid_extractor(str(tmp_path / "vgg.npz"))
    np.savez(tmp_path / "odd.npz", **{**vgg_arrays, "features.2.weight": np.zeros((2, 3, 3, 3), np.float32)})
    with pytest.raises(InputError, match="odd.npz: not vgg16 weights .*convolution 1 gets 2 channels"):
        vgg16_extractor(str(tmp_path / "odd.npz"))


def test_without_inception_weights_it_says_where_to_get_them():
    with pytest.raises(InputError, match="FID needs pytorch-fid's; .* fetch inception` saves it .*from https://"):
        fid_extractor("")


def test_reading_processes_load_no_jittor():
    code = "import sys, jittor_tsit.metrics.features; sys.exit('jittor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
