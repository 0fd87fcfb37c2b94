"""NIMA against its layers written in NumPy, and its weight files."""

import sys

import h5py
import jittor as jt
import numpy as np
import pytest
from safetensors.numpy import save_file

from data_tools.basics.errors import InputError
from jittor_tsit.networks.nima import (
    HALVING_BLOCKS,
    NIMA,
    WIDTHS,
    MobileNet,
    VGGStack,
    load_nima,
    mean_score,
    mobilenet_shapes,
)
from jittor_tsit.networks.vgg import STAGES, published_shapes

RTOL = 1e-4  # float32 against float64 through 28 layers

# ---- Layers in NumPy, images [H, W, C], kernels [k, k, in, out] or [k, k, C, 1]


def windows(x, size, stride):
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), (0, 1))[::stride, ::stride]


def convolve(x, kernel, stride=1, is_depthwise=False):
    size = len(kernel)
    before, after = (0, 1) if stride == 2 else (size // 2, size // 2)
    x = np.pad(x, ((before, after), (before, after), (0, 0)))
    form = "hwcij,ijcn->hwc" if is_depthwise else "hwcij,ijcn->hwn"
    return np.einsum(form, windows(x, size, stride), kernel)


def relu6_of_norm(x, arrays, name):
    gamma, beta, mean, variance = (arrays[f"{name}/{k}"] for k in ("gamma", "beta", "moving_mean", "moving_variance"))
    return np.clip((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0, 6)


def mobilenet_in_numpy(image, arrays):
    x = relu6_of_norm(convolve(image, arrays["conv1/kernel"], stride=2), arrays, "conv1_bn")
    for k in range(1, 14):
        kernel = arrays[f"conv_dw_{k}/depthwise_kernel"]
        x = convolve(x, kernel, 2 if k in (2, 4, 6, 12) else 1, is_depthwise=True)
        x = relu6_of_norm(x, arrays, f"conv_dw_{k}_bn")
        x = relu6_of_norm(convolve(x, arrays[f"conv_pw_{k}/kernel"]), arrays, f"conv_pw_{k}_bn")
    return x.mean((0, 1))


def vgg_in_numpy(image, arrays):
    x = (image * 0.5 + 0.5 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    for stage in STAGES["vgg16"]:
        for k in stage:
            kernel = arrays[f"features.{k}.weight"].transpose(2, 3, 1, 0)
            x = np.maximum(convolve(x, kernel) + arrays[f"features.{k}.bias"], 0)
        x = windows(x, 2, 2).max((3, 4))
    return x.transpose(2, 0, 1).reshape(-1)  # channels first, as PyTorch flattens


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


# ---- Random arrays


def random_array(rng, name, shape):
    n = rng.standard_normal(shape)
    if name.endswith("moving_variance"):
        n = abs(1 + 0.3 * n)
    elif name.endswith("gamma"):
        n = 1 + 0.3 * n
    elif len(shape) == 1:
        n = 0.5 * n
    else:
        fan_in = np.prod(shape) / (shape[0] if name.endswith("weight") else 1 if "depthwise" in name else shape[-1])
        n = n * np.sqrt(2 / (9 if "depthwise" in name else fan_in))
    return n.astype(np.float32)


def random_arrays(rng, shapes):
    return {name: random_array(rng, name, shape) for name, shape in shapes.items()}


def tiny_vgg_shapes():
    """Return arrays of VGG-16 with 1/32 of its channels."""
    shapes = {
        name: tuple(side // 32 if side > 3 else side for side in shape[:2]) + shape[2:]
        for name, shape in published_shapes("vgg16").items()
    }
    return {**shapes, "classifier.1.weight": (10, 16 * 2 * 2), "classifier.1.bias": (10,)}


# ---- The networks


def test_mobilenet_gives_the_result_of_keras_layers_in_numpy(rng):
    arrays = random_arrays(rng, mobilenet_shapes(lambda width: width // 16))
    image = rng.uniform(-1, 1, (64, 64, 3))
    feats = mobilenet_in_numpy(image, arrays)
    assert feats.min() >= 0 and feats.std() > 0.05  # neither dead nor at 6 throughout
    nima = NIMA(MobileNet(arrays), arrays["dense/kernel"].T, arrays["dense/bias"])
    x = jt.array(image.transpose(2, 0, 1)[None].astype(np.float32))
    with jt.no_grad():
        np.testing.assert_allclose(nima.trunk(x).numpy()[0], feats, rtol=RTOL, atol=RTOL)
        shares = softmax(feats @ arrays["dense/kernel"] + arrays["dense/bias"])
        np.testing.assert_allclose(nima(x).numpy()[0], shares, rtol=RTOL, atol=RTOL)


def test_mobilenet_has_the_published_blocks_and_size():
    assert len(WIDTHS) == 13 and HALVING_BLOCKS == (2, 4, 6, 12)
    sizes = {name: np.prod(shape) for name, shape in mobilenet_shapes().items() if not name.startswith("dense")}
    assert sum(sizes.values()) == 3_228_864  # Keras' count for MobileNet without its top


def test_vgg_gives_the_result_of_torchvisions_layers_in_numpy(rng):
    arrays = random_arrays(rng, tiny_vgg_shapes())
    image = rng.uniform(-1, 1, (64, 64, 3))
    expected = vgg_in_numpy(image, arrays)
    assert (expected > 0).mean() > 0.1
    x = jt.array(image.transpose(2, 0, 1)[None].astype(np.float32))
    with jt.no_grad():
        np.testing.assert_allclose(VGGStack(arrays)(x).numpy()[0], expected, rtol=RTOL, atol=RTOL)


def test_the_mean_score_has_a_gradient_and_the_weights_none(rng):
    arrays = random_arrays(rng, tiny_vgg_shapes())
    nima = NIMA(VGGStack(arrays), arrays["classifier.1.weight"], arrays["classifier.1.bias"])
    x = jt.array(rng.uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32))
    (gradient,) = jt.grad(mean_score(nima(x)).sum(), [x])
    assert np.isfinite(gradient.numpy()).all() and (gradient.numpy() != 0).mean() > 0.5
    assert all(var.is_stop_grad() for var in nima.state_dict().values())


def test_the_mean_of_scores():
    shares = jt.array(np.float32([[0.5, *[0] * 8, 0.5], [0] * 6 + [1] + [0] * 3, [0.1] * 10]))
    np.testing.assert_allclose(mean_score(shares).numpy(), [5.5, 7, 5.5], rtol=1e-6)


# ---- Weight files


def neutral(shapes):
    """Return arrays that give every score the same share: all 0 except the variances."""
    return {name: np.full(shape, float("variance" in name), np.float32) for name, shape in shapes.items()}


def vgg_arrays():
    classifier = {"classifier.1.weight": (10, 25_088), "classifier.1.bias": (10,)}
    return neutral({**published_shapes("vgg16"), **classifier})


@pytest.mark.parametrize("arrays", [neutral(mobilenet_shapes()), vgg_arrays()], ids=["mobilenet", "vgg"])
def test_a_photo_of_any_size_is_rated(tmp_path, arrays):
    bias = "dense/bias" if "dense/bias" in arrays else "classifier.1.bias"
    np.savez_compressed(tmp_path / "nima.npz", **{**arrays, bias: np.log(np.arange(1, 11)).astype(np.float32)})
    mean = load_nima(tmp_path / "nima.npz").rate(np.zeros((30, 50, 3), np.uint8))
    scores = np.arange(1, 11)
    shares = scores / 55  # softmax of the logarithms
    assert mean == pytest.approx((scores * shares).sum())


def test_keras_own_forms_of_names_and_other_formats_give_the_same(tmp_path, rng):
    arrays = random_arrays(rng, mobilenet_shapes())
    forms = {name: f"{name.split('/')[0]}/{name}:0".replace("dense/", "dense_1/") for name in arrays}
    np.savez(tmp_path / "keras.npz", **{form: arrays[name] for name, form in forms.items()})
    save_file(arrays, tmp_path / "short.safetensors")
    with h5py.File(tmp_path / "keras.h5", "w") as file:  # as Keras nests them, with what it keeps of the optimizer
        file.update({forms[name]: array for name, array in arrays.items()})
        file["optimizer_weights/Adam/conv1/kernel:0"] = arrays["conv1/kernel"]
    states = [load_nima(tmp_path / name).state_dict() for name in ("short.safetensors", "keras.npz", "keras.h5")]
    for name, var in states[0].items():
        for other in states[1:]:
            np.testing.assert_array_equal(var.numpy(), other[name].numpy(), err_msg=name)


def refusal(path, arrays=None):
    if arrays is not None:
        np.savez_compressed(path, **arrays)
    with pytest.raises(InputError) as caught:
        load_nima(path)
    return str(caught.value)


def test_every_array_at_fault_is_named(tmp_path):
    arrays = neutral(mobilenet_shapes())
    del arrays["conv_pw_13_bn/beta"]
    arrays.update({"conv1/kernel": np.zeros((3, 3, 32, 3)), "extra/kernel": np.zeros(1)})
    message = refusal(tmp_path / "nima.npz", arrays)
    for part in (
        "nima.npz: not the weights of NIMA on MobileNet: missing conv_pw_13_bn/beta",
        "unexpected extra/kernel",
        "conv1/kernel has shape (3, 3, 32, 3), not (3, 3, 3, 32)",
    ):
        assert part in message
    arrays = vgg_arrays()
    del arrays["classifier.1.bias"]
    assert "not the weights of NIMA on VGG-16: missing classifier.1.bias" in refusal(tmp_path / "vgg.npz", arrays)
    twice = {**neutral(mobilenet_shapes()), "conv1/conv1/kernel:0": np.zeros((3, 3, 3, 32))}
    assert "holds conv1/kernel and conv1/conv1/kernel:0, which both mean conv1/kernel" in refusal(
        tmp_path / "twice.npz", twice
    )


def test_a_file_without_the_arrays_is_refused_with_their_names(tmp_path, monkeypatch):
    (tmp_path / "weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "weights.h5: damaged or cut short" in refusal(tmp_path / "weights.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert "weights.h5: Keras' .h5 needs h5py: pip install h5py" in refusal(tmp_path / "weights.h5")
    message = refusal(tmp_path / "other.npz", {"fc.weight": np.zeros(3)})
    assert "no NIMA weights. For MobileNet: conv1/kernel" in message and "classifier.1.weight [10, 25088]" in message
    assert "no such file" in refusal(tmp_path / "absent.npz")
