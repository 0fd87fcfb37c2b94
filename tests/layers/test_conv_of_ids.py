"""Label maps stored as class ids give the results of the same maps in one-hot form."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.kernels import backend
from jittor_tsit.layers.basic import Conv
from jittor_tsit.layers.image_layouts import OneHot, label_image, nchw_layout, one_hot, to_fast_layout, to_nchw
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.layers.precision import computing_in
from jittor_tsit.layers.residual_blocks import SPADEBlock, StreamBlock
from jittor_tsit.layers.resize import avg_pool_down, resize_nearest
from jittor_tsit.layers.spectral_conv import SpectralConv
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.losses import gradient_penalty
from jittor_tsit.networks.patchgan_multiscale import MultiscaleDiscriminator

pytestmark = pytest.mark.skipif(not backend.context.block, reason="this processor has no layout of blocks")

CLASSES = 5
# name -> layer, arguments of its call besides the map
CASES = {
    "3 x 3": (Conv(CLASSES, 19, 3, padding=1), {}),
    "3 x 3, active": (Conv(CLASSES, 19, 3, padding=1), {"slope": 0.2}),
    "1 x 1 without bias": (SpectralConv(CLASSES, 7, 1, bias=False), {}),
    "4 x 4 at stride 2": (Conv(CLASSES, 33, 4, stride=2, padding=2), {}),
    "stream block": (StreamBlock(CLASSES, 8), {}),
    "SPADE block": (SPADEBlock(8, 8, CLASSES, BatchNorm), {}),
}


def labels(rng, height=37, width=18):
    """Return ids [N, H, W] with more than one chunk of rows, areas of one class, and all classes."""
    few = rng.integers(0, CLASSES, (2, (height + 3) // 4, (width + 3) // 4)).astype(np.uint8)
    return few.repeat(4, 1).repeat(4, 2)[:, :height, :width]


def derivatives(layer, call, segmap):
    """Return the result, and the gradients of a weighted sum of its values by the layer's parameters."""
    first = [jt.array(np.random.default_rng(2).standard_normal((2, 8, 37, 18)).astype(np.float32))]
    y = to_nchw(layer(*(first if isinstance(layer, SPADEBlock) else []), segmap, **call))
    weights = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    parameters = [var for var in layer.parameters() if not var.is_stop_grad()]
    return [var.numpy() for var in (y, *jt.grad((y * jt.array(weights)).sum(), parameters))]


@pytest.mark.parametrize("name", CASES)
def test_ids_give_the_results_of_the_one_hot_map(rng, name):
    layer, call = CASES[name]
    ids = jt.array(labels(rng))
    before = [(var, var.numpy().copy()) for var in layer.state_dict().values()]
    ours = derivatives(layer, call, OneHot(ids, CLASSES))
    for var, value in before:  # running statistics and singular vectors
        var.update(jt.array(value))
    theirs = derivatives(layer, call, one_hot(ids, CLASSES))
    for a, b in zip(ours, theirs):
        # 2e-6 was measured: sums of 1300 numbers in another order; what is added is for biases in front of a
        # normalisation, whose gradient of 0 is such a sum of up to 3e-5
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-5 * np.abs(b).max() + 1e-4)


def test_ids_beyond_the_classes_belong_to_no_class(rng):
    conv, ids = Conv(CLASSES, 4, 3, padding=1), labels(rng)
    ids[:, 3:9] = 255
    ours, theirs = (to_nchw(conv(form(jt.array(ids), CLASSES))).numpy() for form in (OneHot, one_hot))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)  # sums of nine numbers below 1


def test_resizing_a_label_map_resizes_its_ids(rng):
    ids = labels(rng)
    small = resize_nearest(OneHot(jt.array(ids), CLASSES), 9, 6)
    assert isinstance(small, OneHot)
    np.testing.assert_array_equal(small.numpy(), resize_nearest(one_hot(jt.array(ids), CLASSES), 9, 6).numpy())


def test_layers_that_read_no_ids_take_the_map_as_an_image(rng):
    ids = jt.array(labels(rng))
    segmap = label_image(ids, CLASSES)
    assert segmap.shape == [2, CLASSES, 37, 18]
    np.testing.assert_array_equal((segmap + segmap).numpy(), 2 * one_hot(ids, CLASSES).numpy())
    mean, _ = segmap.moments()
    np.testing.assert_allclose(mean.numpy(), one_hot(ids, CLASSES).numpy().mean((2, 3), keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("missing", ["layout", "library"])
def test_without_onednn_and_its_layout_the_map_is_nchw(rng, monkeypatch, missing):
    if missing == "layout":
        monkeypatch.setattr(backend.context, "block", 0)
    else:
        monkeypatch.setattr(jt.compile_extern, "mkl_ops", None)
    assert isinstance(label_image(jt.array(labels(rng)), CLASSES), jt.Var)


def test_within_the_nchw_layout_the_map_is_nchw(rng):
    with nchw_layout():
        assert isinstance(to_fast_layout(label_image(jt.array(labels(rng)), CLASSES)), jt.Var)


def test_in_16_bits_only_the_weight_is_rounded(rng):
    conv, ids = Conv(CLASSES, 8, 3, padding=1), jt.array(labels(rng))
    with computing_in("bf16"):
        ours, theirs = (derivatives(conv, {}, form(ids, CLASSES)) for form in (OneHot, one_hot))
    for a, b in zip(ours, theirs):  # the result, the gradients by weight and bias
        np.testing.assert_allclose(a, b, rtol=2**-7, atol=1e-5)  # two neighbours in bfloat16 where float32 sums differ


def test_a_discriminator_of_map_and_image_gives_the_result_of_their_concatenation(rng):
    D = MultiscaleDiscriminator(CLASSES + 3, 4, num_layers=3)
    ids, image = jt.array(labels(rng, 64, 64)), jt.array(rng.standard_normal((2, 3, 64, 64)).astype(np.float32))
    before = [(var, var.numpy().copy()) for var in D.state_dict().values()]
    parameters = [var for var in D.parameters() if not var.is_stop_grad()]
    results = []
    for inputs in ((image, OneHot(ids, CLASSES)), (jt.concat([one_hot(ids, CLASSES), image], 1),)):
        for var, value in before:
            var.update(jt.array(value))
        logits = D(*inputs).logits
        gradients = jt.grad(sum(each.sqr().sum() for each in logits), [image, *parameters])
        results.append([var.numpy() for var in (*logits, *gradients)])
    for a, b in zip(*results):
        # 4e-6 was measured: three layers, each of sums of up to 128 products in another order
        np.testing.assert_allclose(a, b, rtol=0, atol=5e-5 * np.abs(b).max() + 1e-4)


def test_a_gradient_penalty_of_a_discriminator_of_map_and_image(rng):
    D = MultiscaleDiscriminator(CLASSES + 3, 4, num_layers=3)
    set_training(D, False)  # the singular vectors stay
    segmap = OneHot(jt.array(labels(rng, 64, 64)), CLASSES)
    real, fake = (jt.array(rng.standard_normal((2, 3, 64, 64)).astype(np.float32)) for _ in range(2))
    alpha = jt.array(np.float32([0.3, 0.6]).reshape(2, 1, 1, 1))
    parameters = [D.scales[0].conv_first.weight, D.scales[1].conv_first.weight, D.scales[0].conv_logits.weight]

    def of_both(image):
        return D(image, segmap).logits

    def of_concatenated(image):
        return D(jt.concat([segmap.nchw, image], 1)).logits

    results = []
    for logits_of in (of_both, of_concatenated):
        penalty = gradient_penalty(logits_of, real, fake, alpha)
        results.append([var.numpy() for var in (penalty, *jt.grad(penalty, parameters))])
    for a, b in zip(*results):
        assert np.abs(b).max() > 0
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4 * np.abs(b).max())  # 1e-6 was measured


def test_a_second_order_gradient_is_refused(rng):
    conv = Conv(CLASSES, 4, 3, padding=1)
    y = to_nchw(conv(OneHot(jt.array(labels(rng)), CLASSES)))
    with pytest.raises(RuntimeError, match="layout"):
        jt.grad(jt.grad(y.sqr().sum(), conv.weight).sqr().sum(), conv.weight)


def test_the_average_of_a_label_map_is_cached(rng):
    segmap = OneHot(jt.array(labels(rng)), CLASSES)
    assert avg_pool_down(segmap) is avg_pool_down(segmap)
    np.testing.assert_array_equal(avg_pool_down(segmap).numpy(), avg_pool_down(segmap.nchw).numpy())
