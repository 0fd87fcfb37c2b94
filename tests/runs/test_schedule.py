"""The length of a run is checked against its schedule of the learning rate."""

import json
import math

import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.config import OptimConfig
from jittor_tsit.optim import linear_decay
from jittor_tsit.runs.checkpoint import Checkpoint, Progress
from jittor_tsit.runs.schedule import end_of_schedule, may_change_schedule, require_length, require_rate


def options(total_nimg=4, **optim):
    fields = {"constant_nimg": 2, "decay_nimg": 2, "epoch_nimg": 1, **optim}
    return {"run": {"total_nimg": total_nimg}, "config": {"optim": fields}}


def after(nimg, **fields):
    return Checkpoint({}, Progress(nimg, nimg), options(**fields))


@pytest.mark.parametrize("constant, decay, epoch", [(2, 2, 1), (0, 5, 2), (3, 4, 1000), (100, 60, 7)])
def test_the_schedule_ends_with_the_first_image_at_a_rate_of_0(constant, decay, epoch):
    end = end_of_schedule({"constant_nimg": constant, "decay_nimg": decay, "epoch_nimg": epoch})
    assert linear_decay(end, constant, decay, epoch) == 0 < linear_decay(end - 1, constant, decay, epoch)


def test_without_decay_there_is_no_end():
    assert end_of_schedule(vars(OptimConfig())) == math.inf


@pytest.mark.parametrize("total, newest", [(6, None), (8, None), (5, after(4)), (8, after(4)), (8, after(2))])
def test_training_at_a_rate_of_0_is_refused_with_the_ways_on(tmp_path, total, newest):
    with pytest.raises(InputError) as error:
        require_rate(tmp_path, options(total), total, newest)
    text = str(error.value)
    assert "learning rate falls to 0 after 4 images" in text
    assert f"optim.decay_nimg={total - 2}" in text and "total_nimg=4" in text
    assert ("--from-weights" in text) == (newest is not None)
    require_rate(tmp_path, options(total, decay_nimg=total - 2), total, newest)  # the first way


@pytest.mark.parametrize("total", [3, 4, 5])
def test_the_last_epoch_of_a_run_may_have_a_rate_of_0_as_published(tmp_path, total):
    require_rate(tmp_path, options(total), total, None)
    require_rate(tmp_path, options(total), total, after(3, total_nimg=total))


@pytest.mark.parametrize(
    "nimg, total, change, expected",
    [
        (4, 8, {"decay_nimg": 6}, True),  # prolonged
        (4, 4, {"decay_nimg": 6}, False),
        (4, 8, {"decay_nimg": 1}, False),
        (4, 8, {"decay_nimg": 0}, False),  # would jump back to the full rate
        (2, 4, {"decay_nimg": 1}, True),  # the rate has not begun to fall
        (2, 4, {"constant_nimg": 3}, True),
        (3, 4, {"constant_nimg": 3}, False),
    ],
)
def test_the_schedule_may_change_before_the_decay_and_to_prolong_a_run(nimg, total, change, expected):
    assert may_change_schedule(options(), options(total, **change), nimg, total) == expected


def test_a_run_does_not_end_before_its_checkpoint(tmp_path):
    require_length(tmp_path, after(4), 4)
    with pytest.raises(InputError, match="trained on 4 images already, and would end after 3; give a total_nimg"):
        require_length(tmp_path, after(4), 3)


def test_options_in_json_form_are_understood(tmp_path):
    optim = json.loads(json.dumps(vars(OptimConfig())))
    require_rate(tmp_path, {"config": {"optim": optim}}, 10**9, None)
