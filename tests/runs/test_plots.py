"""Figures of a run."""

import json

import numpy as np
import pytest
from PIL import Image

from jittor_tsit.runs.plots import LOSSES, draw_losses, moving_mean, wants_log_axis


def write_stats(run_dir, count):
    lines = [{"nimg": k, "img_per_s": 1.0, "G/gan": 1 / k, "D/real": 1.0, "lr/G": 1e-4} for k in range(1, count + 1)]
    (run_dir / "stats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_losses_and_rates_have_a_panel_each(tmp_path):
    pytest.importorskip("matplotlib")
    write_stats(tmp_path, 50)
    (tmp_path / "grid-000000020.png").touch()
    draw_losses(tmp_path, [0, 30])
    with Image.open(tmp_path / LOSSES) as picture:
        assert picture.size == (900, 820)  # three panels
        assert np.asarray(picture).std() > 5  # something is drawn


def test_without_records_there_is_no_figure(tmp_path):
    draw_losses(tmp_path, [0])
    assert not (tmp_path / LOSSES).exists()


def test_a_moving_mean_keeps_a_constant_up_to_its_ends():
    np.testing.assert_allclose(moving_mean(np.full(9, 3.0), 4), 3.0)
    np.testing.assert_allclose(moving_mean(np.array([0, 3.0, 6]), 3), [1.5, 3, 4.5])


@pytest.mark.parametrize("values, expected", [([1, 100], True), ([1, 2], False), ([-1, 100], False), ([np.nan], False)])
def test_the_axis_is_logarithmic_where_that_helps(values, expected):
    assert wants_log_axis(np.array(values, float)) == expected
