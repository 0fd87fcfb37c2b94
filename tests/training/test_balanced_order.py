"""A run with the option balance_pairs reads the classes, and draws each phase's pairs in the balanced order."""

import dataclasses

import numpy as np
import pytest

from data_tools.rendering.write_set import write_set
from jittor_tsit.config import DataConfig
from jittor_tsit.data.balance import read_shown_classes, weights_of
from jittor_tsit.data.folders import paired_samples
from jittor_tsit.training.samples_of_run import with_balance


@pytest.fixture
def data(tmp_path):
    write_set(tmp_path, 4, 0, 64, 32)
    return DataConfig(root=str(tmp_path), image_width=64, image_height=32)


def test_without_the_option_the_samples_stay_what_they_are(data):
    samples = [paired_samples(data, None, (0, 1))]
    assert with_balance(samples, data, print) is samples


def test_each_phase_is_balanced_by_its_own_pairs(data, capsys):
    whole = paired_samples(data, None, (0, 1))
    part = dataclasses.replace(whole, pairs=whole.pairs[:3], seeds=(0, 2))
    first, second = with_balance([whole, part], dataclasses.replace(data, balance_pairs=0.5), print)
    shown = read_shown_classes([whole], 1).astype(bool)
    np.testing.assert_array_equal(first.weights, weights_of(shown, 0.5))
    np.testing.assert_array_equal(second.weights, weights_of(shown[:3], 0.5))
    assert first.source is whole and second.source is part
    assert first.digest() == whole.digest()  # so that a resumed run finds the same data
    low, high = first.weights.min(), first.weights.max()
    lines = capsys.readouterr().out.splitlines()
    assert f"balance_pairs=0.5: a pair of phase 1 comes {low:.2g} to {high:.2g} times in an epoch" in lines
