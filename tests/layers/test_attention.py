"""Self-attention against NumPy."""

import jittor as jt
import numpy as np

from jittor_tsit.layers.attention import SelfAttention
from jittor_tsit.layers.train_mode import set_training


def test_it_adds_nothing_at_first():
    x = jt.randn(2, 8, 3, 4)
    np.testing.assert_array_equal(SelfAttention(8)(x).numpy(), x.numpy())


def test_each_pixel_gets_a_mean_over_all_pixels_weighted_by_similarity():
    rng = np.random.default_rng(0)
    layer, x = SelfAttention(8), rng.standard_normal((2, 8, 3, 4)).astype(np.float32)
    for _ in range(10):
        layer(jt.array(x)).sync()  # spectral norm finds the weights' sizes
    set_training(layer, False)
    layer.gamma.update(jt.array([0.5]))
    jt.sync_all()
    flat = x.reshape(2, 8, 12)
    matrices = {}
    for name in ("query", "key", "value", "out"):
        weight = getattr(layer, f"conv_{name}").normalized_weight().numpy()
        matrices[name] = weight.reshape(weight.shape[:2])
    query, key, value = (np.einsum("oc,ncp->nop", matrices[name], flat) for name in ("query", "key", "value"))
    scores = np.einsum("ncp,ncq->npq", query, key)
    scores = np.exp(scores - scores.max(2, keepdims=True))
    mean = np.einsum("nvq,npq->nvp", value, scores / scores.sum(2, keepdims=True))
    expected = flat + 0.5 * np.einsum("ov,nvp->nop", matrices["out"], mean)
    np.testing.assert_allclose(layer(jt.array(x)).numpy(), expected.reshape(x.shape), rtol=1e-4, atol=1e-5)


def test_one_pixel_gives_all_pixels_a_gradient():
    layer, x = SelfAttention(8), jt.randn(1, 8, 3, 4)
    layer.gamma.update(jt.array([0.5]))
    jt.sync_all()
    gradient = jt.grad(layer(x)[0, :, 0, 0].sum(), x).numpy()
    assert (np.abs(gradient).sum((0, 1)) > 0).all()
