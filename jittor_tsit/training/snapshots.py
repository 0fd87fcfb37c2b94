"""What is saved of a run at a moment: the sample grid and the checkpoint."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Callable, Dict, List, Optional

import numpy as np
from PIL import Image

from data_tools.basics.files import write_through
from data_tools.basics.spacing import evenly_spaced
from jittor_tsit.config import RunConfig
from jittor_tsit.data.batches import (
    to_pixels,
)
from jittor_tsit.data.samples import Samples
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint
from jittor_tsit.runs.log import LOWER_RATES, NonFiniteLoss
from jittor_tsit.runs.pruning import prune
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System
from jittor_tsit.systems.draws import Noise

OWN_OF_A_PROCESS = (".u", ".v")  # singular vectors: each process finds them itself, and a GPU may round differently


class Snapshots:
    """Writes the sample grid and the checkpoint of a moment.

    The grid shows the same inputs every time: input, ours, and real where there is such. Process 0 writes; all compare
    what they have.

    Args:
        evaluate: Called with each checkpoint.
    """

    def __init__(
        self,
        system: System,
        samples: Samples,
        run: RunConfig,
        options: dict,
        run_dir: Path,
        evaluate: Optional[Callable[[Progress, Path], None]] = None,
    ):
        self.system, self.run, self.options, self.run_dir, self.evaluate = system, run, options, run_dir, evaluate
        positions = evenly_spaced(len(samples), run.grid_rows)
        self.batch, self.before, self.after = system.batch_kind.grid_inputs(samples, positions)

    def __call__(self, progress: Progress) -> None:
        arrays = {name: var.numpy() for name, var in self.system.state_dict().items()}
        if parallel.num_processes() > 1:
            parallel.require_same(digests(arrays), "values")
        if parallel.rank() == 0:
            self._write(arrays, progress)

    def _write(self, arrays: Dict[str, np.ndarray], progress: Progress) -> None:
        require_finite(arrays, progress.nimg)
        path = checkpoint_path(self.run_dir, progress.nimg)
        save_checkpoint(path, Checkpoint(arrays, progress, self.options))
        prune(path, self.run.keep_snapshots)
        # After it: the first grid compiles operators, for which a run that was asked to stop may be given no time.
        images = map(to_pixels, self.system.columns(self.batch, Noise(self.run.seed)))
        save_grid(self.run_dir / f"grid-{progress.nimg:09d}.png", [self.before, *images, *self.after])
        if self.evaluate:
            self.evaluate(progress, path)


def digests(arrays: Dict[str, np.ndarray]) -> Dict[str, str]:
    """A digest of every array that must be the same on all processes."""
    return {
        name: hashlib.sha256(array.tobytes()).hexdigest()
        for name, array in arrays.items()
        if not name.endswith(OWN_OF_A_PROCESS)
    }


def require_finite(arrays: Dict[str, np.ndarray], nimg: int) -> None:
    """Refuse to save weights that a step has spoiled although its losses were finite.

    Raises:
        NonFiniteLoss: Names the first such array.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise NonFiniteLoss(
                f"{name} is not finite after image {nimg}, the last losses and gradients were; {LOWER_RATES}"
            )


def save_grid(path: Path, columns: List[np.ndarray]) -> None:
    """Write a picture with one row a sample and one column an array.

    Args:
        columns: Each [N, H, W, 3] uint8.
    """
    rows = np.concatenate(columns, axis=2)  # [N, H, columns * W, 3]
    picture = Image.fromarray(np.concatenate(list(rows), axis=0))
    write_through(path, lambda temporary: picture.save(temporary, "PNG"))
