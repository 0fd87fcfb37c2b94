"""What we know about official files: options that follow from the arrays, and requirements of the official code."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.conversion import official_sizes
from jittor_tsit.conversion.official_names import unit_discriminator_rules
from jittor_tsit.conversion.official_networks import LAYOUTS, split_statistics, unused_arrays
from jittor_tsit.conversion.renaming import official_names, require_arrays

ARRAYS = {
    "main.0.weight": np.full((3, 2, 4, 4), 7, np.float32),  # of a convolution
    "main.0.bias": np.full(3, 7, np.float32),
    "main.1.weight": np.full(3, 7, np.float32),  # of a norm
    "main.1.bias": np.full(3, 7, np.float32),
}
STATISTICS = {"main.1.running_mean": np.ones(3), "main.1.running_var": np.full(3, 2.0)}


def test_norms_that_use_none_are_given_the_statistics_of_a_new_network():
    """StarGAN's instance norm keeps running statistics, which it never uses."""
    added = unused_arrays(ARRAYS, LAYOUTS["stargan"])
    assert set(added) == {"main.1.running_mean", "main.1.running_var", "main.1.num_batches_tracked"}
    np.testing.assert_array_equal(added["main.1.running_mean"], np.zeros(3, np.float32))
    np.testing.assert_array_equal(added["main.1.running_var"], np.ones(3, np.float32))
    assert added["main.1.num_batches_tracked"] == 0 and added["main.1.num_batches_tracked"].dtype == np.int64


@pytest.mark.parametrize("system", ["pix2pix", "tsit"])
def test_norms_that_use_their_statistics_keep_them_and_get_a_counter(system):
    arrays = {**ARRAYS, **STATISTICS}
    assert set(unused_arrays(arrays, LAYOUTS[system])) == {"main.1.num_batches_tracked"}
    assert unused_arrays(ARRAYS, LAYOUTS[system]) == {}


@pytest.mark.parametrize("system, is_used", [("pix2pix", True), ("spade", True), ("stargan", False)])
def test_statistics_count_where_the_network_goes_by_them(system, is_used):
    used, unused = split_statistics({**ARRAYS, **STATISTICS}, LAYOUTS[system])
    assert set(used) == {*ARRAYS, *(STATISTICS if is_used else ())}
    assert set(unused) == set(() if is_used else STATISTICS)


def test_of_pix2pixs_norms_only_those_with_a_scale_use_their_statistics():
    """Files from before 2018 also contain statistics of instance norm."""
    arrays = {**ARRAYS, **STATISTICS, "main.4.running_mean": np.ones(3), "main.4.running_var": np.ones(3)}
    assert set(split_statistics(arrays, LAYOUTS["pix2pix"])[1]) == {"main.4.running_mean", "main.4.running_var"}


def test_a_pix2pix_generator_tells_its_kind_and_a_discriminator_does_not():
    unet = {"model.model.0.weight": np.zeros((5, 3, 4, 4)), "model.model.1.model.1.weight": np.zeros((10, 5, 4, 4))}
    resnet = {"model.1.weight": np.zeros((5, 3, 7, 7)), "model.10.conv_block.5.weight": np.zeros((20, 20, 3, 3))}
    D = {"model.0.weight": np.zeros((6, 6, 4, 4)), "model.2.weight": np.zeros((12, 6, 4, 4))}
    assert official_sizes.pix2pix({"G": unet}).options["generator"] == "unet"
    assert official_sizes.pix2pix({"G": resnet}).options["generator"] == "resnet"
    assert "generator" not in official_sizes.pix2pix({"D": D}).options


@pytest.mark.parametrize(
    "kind, names",
    [
        (
            "separate",
            {
                "stacks.0.convs.1.weight": "model_A.1.model.0.weight",
                "logits.1.weight": "model_B.3.weight",
                "stacks.1.convs.0.bias": "model_B.0.model.0.bias",
            },
        ),
        (
            "shared",
            {
                "fronts.0.convs.1.weight": "model_A.1.model.0.weight",
                "logits.bias": "model_S.3.bias",
                "fronts.1.convs.0.bias": "model_B.0.model.0.bias",
                "stack.convs.2.weight": "model_S.2.model.0.weight",
            },
        ),
        (
            "pyramid",
            {
                "stacks.0.convs.1.weight": "model_1_A.1.model.0.weight",
                "logits.2.weight": "model_4_A.3.weight",
                "stacks.4.convs.0.bias": "model_2_B.0.model.0.bias",
                "logits.5.bias": "model_4_B.3.bias",
            },
        ),
    ],
)
def test_units_discriminators_have_the_names_of_the_papers_code(kind, names):
    assert official_names(names, unit_discriminator_rules(kind, num_layers=3)) == names


@pytest.mark.parametrize(
    "change, words",
    [
        ({}, ""),
        ({"b": None}, "missing b"),
        ({"c": np.zeros(1)}, "unexpected c"),
        ({"a": np.zeros((3, 2))}, r"a has shape (3, 2), not (2, 3)"),
        ({"b": None, "c": np.zeros(1), "a": np.zeros(6)}, "missing b; unexpected c; a has shape (6,), not (2, 3)"),
    ],
)
def test_every_array_that_does_not_fit_is_named(change, words):
    arrays = {"a": np.zeros((2, 3)), "b": np.zeros(4), **change}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    if not words:
        return require_arrays(arrays, {"a": (2, 3), "b": (4,)}, "x.npz: not ours")
    with pytest.raises(InputError) as caught:
        require_arrays(arrays, {"a": (2, 3), "b": (4,)}, "x.npz: not ours")
    assert str(caught.value) == f"x.npz: not ours: {words}"
