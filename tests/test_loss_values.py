"""Losses against values computed by hand and by NumPy."""

import jittor as jt
import numpy as np
import pytest

from jittor_tsit import losses

LOGITS = [-1e4, -100.0, -1.5, 0.25, 100.0, 1e4]  # in float32 exp(88.8) is infinite


def at(function, x):
    """Value and gradient of a loss of one logit."""
    logit = jt.array(np.full((1, 1, 1, 1), x, np.float32))
    loss = function([logit])
    return loss.item(), jt.grad(loss, logit).item()


@pytest.mark.parametrize("x", LOGITS)
@pytest.mark.parametrize("side, sign", [("real", -1), ("fake", 1), ("gen", -1)])
def test_the_vanilla_loss_is_the_cross_entropy_at_any_logit(side, sign, x):
    value, gradient = at(getattr(losses.GAN_LOSSES["vanilla"], side), x)
    # log and exp of float32 are good to a few units of 6e-8, and what is added to 1 is lost below that
    np.testing.assert_allclose(value, np.logaddexp(0, sign * x), rtol=1e-6, atol=1.2e-7)
    np.testing.assert_allclose(gradient, sign * np.exp(-np.logaddexp(0, -sign * x)), rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("hinge", {"real": 1 - 0.25, "fake": 1 + 0.25, "gen": -0.25}),
        ("lsgan", {"real": 0.75**2, "fake": 0.25**2, "gen": 0.75**2}),
        ("vanilla", {"real": np.log1p(np.exp(-0.25)), "fake": np.log1p(np.exp(0.25)), "gen": np.log1p(np.exp(-0.25))}),
        ("wgan", {"real": -0.25, "fake": 0.25, "gen": -0.25}),
    ],
)
def test_adversarial_losses_of_one_logit_are_those_by_hand(name, expected):
    for side, value in expected.items():
        assert at(getattr(losses.GAN_LOSSES[name], side), 0.25)[0] == pytest.approx(value, rel=1e-6)


def test_the_hinge_stops_beyond_1_and_only_for_d():
    for x, real, fake, gen in ((3.0, 0.0, 4.0, -3.0), (-3.0, 4.0, 0.0, 3.0)):
        loss = losses.GAN_LOSSES["hinge"]
        assert [at(getattr(loss, side), x)[0] for side in ("real", "fake", "gen")] == [real, fake, gen]


def test_an_adversarial_loss_counts_every_scale_alike_whatever_its_size():
    logits = [jt.array(np.full((2, 1, 4, 3), 2.0, np.float32)), jt.array(np.full((2, 1, 1, 1), 5.0, np.float32))]
    assert losses.GAN_LOSSES["lsgan"].fake(logits).item() == pytest.approx((4 + 25) / 2, rel=1e-6)
    assert losses.over_scales(losses.GAN_LOSSES["lsgan"].fake, logits).item() == pytest.approx(4 + 25, rel=1e-6)


def test_the_divergence_of_codes_is_a_sum_over_dimensions_and_a_mean_over_images():
    mu, logvar = np.float32([[1, -2, 0.5], [0, 3, 1]]), np.float32([[0.5, 0, -1], [2, 0, 0.25]])
    expected = (mu**2 / 2 + (np.exp(logvar) - 1 - logvar) / 2).sum(1).mean()
    assert losses.kl_divergence(jt.array(mu), jt.array(logvar)).item() == pytest.approx(expected, rel=1e-6)


def test_features_are_matched_layer_by_layer_and_the_photographs_side_takes_no_gradient():
    fakes, reals = (
        [[jt.array([value]) for value in scale] for scale in values]
        for values in ([[1.0, 2.0], [5.0]], [[4.0, 2.5], [3.0]])
    )
    loss = losses.feature_matching(fakes, reals)
    assert loss.item() == pytest.approx(((3 + 0.5) + 2) / 2)
    gradients = [jt.grad(loss, x).item() for x in (fakes[0][0], fakes[0][1], fakes[1][0], reals[0][0], reals[1][0])]
    assert gradients == [-0.5, -0.5, 0.5, 0, 0]


def test_the_perceptual_loss_teaches_the_image_and_not_its_target():
    image, target = jt.array([3.0]), jt.array([1.0])
    factors = (32.0, 48.0, 24.0, 20.0, 7.0)
    loss = losses.perceptual(lambda x: [factor * x * x for factor in factors], image, target)
    total = 32 / 32 + 48 / 16 + 24 / 8 + 20 / 4 + 7
    assert loss.item() == pytest.approx(8 * total)
    assert [jt.grad(loss, x).item() for x in (image, target)] == pytest.approx([6 * total, 0])


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_labels_and_classes_have_their_cross_entropies_at_any_logit(rng, scale):
    logits, answers = rng.standard_normal((3, 4)) * scale, rng.integers(0, 2, (3, 4))
    chosen = np.eye(4)[[2, 0, 3]]
    given = jt.array(logits.astype(np.float32))
    expected = (np.logaddexp(0, logits) - logits * answers).sum(1).mean()
    ours = losses.binary_cross_entropy(given, jt.array(answers.astype(np.float32)))
    assert ours.item() == pytest.approx(expected, rel=1e-6)
    above = logits - logits.max(1, keepdims=True)
    expected = (np.log(np.exp(above).sum(1)) - (above * chosen).sum(1)).mean()
    assert losses.cross_entropy(given, jt.array(chosen.astype(np.float32))).item() == pytest.approx(expected, rel=1e-6)


def test_patches_have_the_cross_entropy_of_the_given_class(rng):
    logits = rng.standard_normal((2, 2, 3, 5)).astype(np.float32)
    for answer in (0, 1):
        expected = np.logaddexp(0, logits[:, 1 - answer] - logits[:, answer].astype(np.float64)).mean()
        assert losses.patch_cross_entropy(jt.array(logits), answer).item() == pytest.approx(expected, rel=1e-6)


def test_a_term_without_a_weight_is_an_error_and_others_are_weighed():
    terms = {"x": jt.array([2.0]), "y": jt.array([5.0])}
    assert losses.weighted_sum(terms, {"x": 3.0, "y": 0.5, "z": 7.0}).item() == 8.5
    with pytest.raises(KeyError, match="y"):
        losses.weighted_sum(terms, {"x": 3.0})
