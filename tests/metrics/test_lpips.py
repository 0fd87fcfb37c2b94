"""LPIPS against its authors' package, and the diversity of several images."""

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.reference_vectors import SHARED, Vectors, assert_close, reference_files
from jittor_tsit.metrics.lpips import LPIPS, load_lpips
from jittor_tsit.networks.vgg import WIDTHS, published_shapes

WEIGHTS = SHARED.parent / "weights"
FILES = reference_files(param_note="lin weights shape (1,C,1,1)")


def tiny_lpips(rng):
    """With a 32nd of the channels."""
    arrays = {}
    for name, shape in published_shapes("vgg16").items():
        shape = tuple(side // 32 if side > 3 else side for side in shape[:2]) + shape[2:]
        arrays[name] = rng.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
    return LPIPS(arrays, [rng.uniform(0, 1, width // 32) for width in WIDTHS])


def to_images(photos):
    return jt.array(photos.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)


# ---- Against the authors' package

needs_vgg = pytest.mark.skipif(not WEIGHTS.is_dir(), reason=f"no VGG-16 weights in {WEIGHTS}")


@pytest.fixture(scope="module", params=FILES)
def vectors(request):
    return Vectors(request.param)


@pytest.fixture(scope="module")
def lpips(vectors, tmp_path_factory):
    """With the file's heads, in the authors' layout."""
    heads = tmp_path_factory.mktemp("lpips") / "heads.npz"
    np.savez(heads, **vectors.group("param/"))
    return load_lpips(WEIGHTS / "vgg16_features.npz", heads)


@pytest.mark.reference
@needs_vgg
def test_distances_are_the_authors(vectors, lpips):
    with jt.no_grad():
        layers = lpips.per_layer(to_images(vectors["input/a_u8_nhwc"]), to_images(vectors["input/b_u8_nhwc"])).numpy()
    # tolerance of README-judges.md
    np.testing.assert_allclose(layers, vectors["output/per_layer"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(layers.sum(1), vectors["output/total"], rtol=0, atol=1e-5)
    assert (layers[vectors["output/total"] == 0] == 0).all()


@pytest.mark.reference
@needs_vgg
def test_the_gradient_is_the_authors(vectors, lpips):
    a, b = (to_images(vectors[f"input/{side}_u8_nhwc"][1:3]) for side in "ab")
    (gradient,) = jt.grad(lpips(a, b).sum(), [a])
    # tolerance of README-judges.md: isolated ReLU and max-pool switches
    name = "output/grad_total_wrt_a_pairs1_2"
    assert_close(vectors.thin(name, gradient.numpy()), vectors[name], 5e-3, "gradient")


@pytest.mark.reference
@needs_vgg
def test_the_heads_ported_to_jax_are_the_same(vectors, lpips):
    ported = load_lpips(WEIGHTS / "vgg16_features.npz", WEIGHTS / "lpips_lin_vgg16.npz")
    for name, var in lpips.state_dict().items():
        np.testing.assert_array_equal(ported.state_dict()[name].numpy(), var.numpy(), err_msg=name)


# ---- By itself


def test_diversity_is_the_mean_distance_of_the_pairs(rng):
    lpips, images = tiny_lpips(rng), rng.uniform(-1, 1, (4, 3, 32, 48)).astype(np.float32)
    pairs = [(i, j) for i in range(4) for j in range(i)]
    a, b = (jt.array(images[list(side)]) for side in zip(*pairs))
    assert lpips.diversity(jt.array(images)) == pytest.approx(lpips(a, b).numpy().mean(), rel=1e-5)


def test_equal_images_have_no_diversity_and_one_is_refused(rng):
    lpips = tiny_lpips(rng)
    assert lpips.diversity(jt.ones(3, 3, 32, 48) * 0.25) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match=r"diversity of 1 image\(s\): at least 2"):
        lpips.diversity(jt.ones(1, 3, 32, 48))


def test_the_gradient_is_finite_where_nothing_is_active(rng):
    lpips = tiny_lpips(rng)
    for conv in lpips.vgg.convs:
        conv.bias.update(jt.full(conv.bias.shape, -100.0))
    a, b = (jt.array(rng.uniform(-1, 1, (1, 3, 32, 48)).astype(np.float32)) for _ in range(2))
    (gradient,) = jt.grad(lpips(a, b).sum(), [a])
    assert (gradient.numpy() == 0).all()


def test_files_at_fault_are_named(tmp_path):
    vgg = {name: np.zeros(shape, np.float32) for name, shape in published_shapes("vgg16").items()}
    heads = {f"lin{k}.model.1.weight": np.zeros((1, width, 1, 1)) for k, width in enumerate(WIDTHS)}
    files = tmp_path / "vgg.npz", tmp_path / "heads.npz"

    def refusal(vgg, heads):
        for path, arrays in zip(files, (vgg, heads)):
            np.savez_compressed(path, **arrays)
        with pytest.raises(InputError) as caught:
            load_lpips(*files)
        return str(caught.value)

    message = refusal({**vgg, "features.0.bias": np.zeros(3), "classifier.0.bias": np.zeros(3)}, heads)
    assert message.endswith(
        "not VGG-16's convolutions in torchvision's layout: features.0.bias has shape (3,), not (64,)"
    )
    del heads["lin4.model.1.weight"]
    message = refusal(vgg, {**heads, "lin5.model.1.weight": np.zeros(1)})
    assert message.endswith("not LPIPS's heads on VGG-16: missing lin4.model.1.weight; unexpected lin5.model.1.weight")
    assert "missing lin0.model.1.weight" in refusal(vgg, {"x": np.zeros(1)})
