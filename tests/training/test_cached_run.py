"""A run that reads its pairs from a cache, or changes to one and back, ends with the same weights."""

import numpy as np

from data_tools.rendering.write_set import write_set
from helpers.tiny import HEIGHT, WIDTH, make_experiment
from jittor_tsit.config.overrides import override
from jittor_tsit.runs.checkpoint import checkpoint_path, load_checkpoint
from jittor_tsit.training import session


def test_a_run_may_change_to_a_cache_and_back_and_ends_with_the_same_weights(tmp_path):
    write_set(tmp_path / "set", 4, 0, WIDTH, HEIGHT)
    experiment = make_experiment(tmp_path / "set", total_nimg=6)
    experiment = override(experiment, [f"load_width={WIDTH + 8}", f"load_height={HEIGHT + 8}"])
    with_cache = override(experiment, [f"cache={tmp_path / 'cache'}"])
    assert session.run_training(experiment, tmp_path / "files") == 0
    assert session.run_training(with_cache, tmp_path / "cached") == 0
    for stage, total in ((experiment, 2), (with_cache, 4), (experiment, 6)):
        assert session.run_training(override(stage, [f"total_nimg={total}"]), tmp_path / "mixed") == 0
    first, *others = (
        load_checkpoint(checkpoint_path(tmp_path / name, 6)).arrays for name in ("files", "cached", "mixed")
    )
    for other in others:
        for name, array in first.items():
            np.testing.assert_array_equal(array, other[name], err_msg=name)
