"""Check the length of a run against its schedule of the learning rate, before it starts or resumes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Mapping, Union

from data_tools.basics.errors import InputError
from jittor_tsit.runs.checkpoint import Checkpoint, Header, checkpoint_path

# Options of the schedule. They may change where that changes no step of the past, or to prolong a run.
SCHEDULE = ("config.optim.constant_nimg", "config.optim.decay_nimg")


def end_of_schedule(optim: Mapping[str, float]) -> float:
    """Return after how many images the learning rate is 0, as `optim.linear_decay` computes it; infinity: never.

    Args:
        optim: Options of the optimizers in JSON form.
    """
    if not optim["decay_nimg"]:
        return math.inf
    return optim["constant_nimg"] + math.ceil(optim["decay_nimg"] / optim["epoch_nimg"]) * optim["epoch_nimg"]


def start_of_decay(optim: Mapping[str, float]) -> float:
    """Return the number of images with the full learning rate; infinity without a decay."""
    return optim["constant_nimg"] if optim["decay_nimg"] else math.inf


def may_change_schedule(there: dict, here: dict, nimg: int, total_nimg: int) -> bool:
    """Return whether a run that has trained on `nimg` images may go on with another schedule.

    It may if the rate has not begun to fall in either schedule, because then all past steps stay the same. It also may
    if the run is prolonged and the new schedule falls to 0 later.

    Args:
        there: Options of the checkpoint in JSON form.
        here: Present options in JSON form.
        total_nimg: Length of the whole run as it is wanted now.
    """
    old, new = there["config"]["optim"], here["config"]["optim"]
    if nimg <= min(start_of_decay(old), start_of_decay(new)):
        return True
    is_prolonged = total_nimg > there["run"]["total_nimg"]
    return is_prolonged and end_of_schedule(old) < end_of_schedule(new) < math.inf


def require_length(run_dir: Path, newest: Union[Checkpoint, Header], total_nimg: int) -> None:
    """Check that a run does not end before its checkpoint.

    Args:
        newest: Checkpoint from which the run resumes.
        total_nimg: Length of the whole run as it is wanted now.

    Raises:
        InputError: It has trained on more images already.
    """
    nimg = newest.progress.nimg
    if total_nimg < nimg:
        raise InputError(
            f"{run_dir}: has trained on {nimg} images already, and would end after {total_nimg}; give a total_nimg (or "
            f"length of the last phase) of more than {nimg} to go on, or another --run-dir for a shorter run"
        )


def require_rate(run_dir: Path, options: dict, total_nimg: int, newest: Union[Checkpoint, Header, None]) -> None:
    """Check that no part of the training has a learning rate of 0, except the last epoch of a run as it was planned.

    Some published schedules end with an epoch at a rate of 0.

    Args:
        options: Present options in JSON form.
        total_nimg: Length of the whole run as it is wanted now.
        newest: Checkpoint from which the run resumes; None for a new run.

    Raises:
        InputError: The rate is 0 for longer, or the run is prolonged at a rate of 0.
    """
    optim = options["config"]["optim"]
    end = end_of_schedule(optim)
    is_prolonged = newest is not None and total_nimg > newest.experiment["run"]["total_nimg"] > 0
    allowed = 0 if is_prolonged else optim["epoch_nimg"]
    if total_nimg - end <= allowed:
        return
    longer = total_nimg - optim["constant_nimg"]
    schedule = f"optim.constant_nimg={optim['constant_nimg']} optim.decay_nimg={optim['decay_nimg']}"
    ways = f"make the decay longer, such as optim.decay_nimg={longer}, or end with total_nimg={end}"
    if newest is not None:
        path = checkpoint_path(run_dir, newest.progress.nimg)
        ways += f", or begin a new run from these networks: --from-weights {path} --run-dir ANOTHER"
    raise InputError(
        f"{run_dir}: the learning rate falls to 0 after {end} images ({schedule}), and nothing would be learned from "
        f"there to {total_nimg}; {ways}"
    )
