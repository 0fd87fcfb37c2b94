"""Snapshots of a run: the checkpoint, the sample grid and, if they are due, scores (evaluation/history.py)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

import numpy as np
from PIL import Image

from data_tools.basics.files import write_through
from data_tools.basics.spacing import evenly_spaced
from jittor_tsit.config import RunConfig
from jittor_tsit.data.batches import to_pixels
from jittor_tsit.data.samples import Samples
from jittor_tsit.data.sheets import GRID_SIDE, draw_sheet, rows_of
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint
from jittor_tsit.runs.events import Events
from jittor_tsit.runs.log import LOWER_RATES, NonFiniteLoss
from jittor_tsit.runs.plots import can_plot, draw_losses
from jittor_tsit.runs.pruning import prune
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import FirstWait
from jittor_tsit.systems.base import System
from jittor_tsit.systems.draws import Noise

# Singular vectors of spectral norm: each process computes its own, and they may differ by rounding.
PER_PROCESS = (".u", ".v")
GRID_NOTE = "first sample grid: compiling its operators, once"


class Snapshots:
    """Writer of checkpoints and sample grids.

    Every grid shows the same samples; its columns are the input, the model's output and, if there is one, the target.
    It names the run, the checkpoint, the seed, the columns and the samples.
    Process 0 writes the files. All processes first check that their states are equal.

    Args:
        evaluate: Called with the progress and the path of each checkpoint that is saved.
        phases: First image of each phase, which `losses.png` marks.
        events: TensorBoard's event file, if it is wanted.
    """

    def __init__(
        self,
        system: System,
        samples: Samples,
        run: RunConfig,
        options: dict,
        run_dir: Path,
        evaluate: Optional[Callable[[Progress, Path], None]] = None,
        phases: Sequence[int] = (),
        events: Optional[Events] = None,
    ):
        self.system, self.run, self.options, self.run_dir, self.evaluate = system, run, options, run_dir, evaluate
        self.phases, self.events, self.first_grid = phases, events, FirstWait(GRID_NOTE)
        positions = evenly_spaced(len(samples), run.grid_rows).tolist()
        self.grid, self.num_samples = system.batch_kind.grid_inputs(samples, positions), len(samples)

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
        # The grid comes last. The first grid compiles operators, and a run that was asked to stop may be killed then.
        with self.first_grid:
            images = list(map(to_pixels, self.system.columns(self.grid.batch, Noise(self.run.seed))))
        grid = self._draw(images, progress.nimg)
        write_through(self.run_dir / f"grid-{progress.nimg:09d}.png", lambda temporary: grid.save(temporary, "PNG"))
        if self.events:
            self.events.image("grid", np.asarray(grid), progress.nimg)
        if can_plot():
            draw_losses(self.run_dir, self.phases)
        if self.evaluate:
            self.evaluate(progress, path)

    def _draw(self, images: List[np.ndarray], nimg: int) -> Image.Image:
        """Draw the sample grid of the outputs `images`, one array [N, H, W, 3] uint8 for each column."""
        grid, count = self.grid, len(self.grid.names)
        lines = [
            f"{self.run_dir} ({self.options['system']}), {checkpoint_path(self.run_dir, nimg).name}",
            f"{nimg:,} images seen, seed {self.run.seed}, {count} of {self.num_samples:,} samples",
        ]
        heads = [grid.heads.before, *(self.system.column_heads() or [grid.heads.output]), *grid.heads.after]
        rows = rows_of(grid.names, grid.numbers, [grid.before, *images, *grid.after])
        return draw_sheet(lines, heads, rows, side=GRID_SIDE)


def digests(arrays: Dict[str, np.ndarray]) -> Dict[str, str]:
    """Return name -> digest of every array that must be equal on all processes."""
    return {
        name: hashlib.sha256(array.tobytes()).hexdigest()
        for name, array in arrays.items()
        if not name.endswith(PER_PROCESS)
    }


def require_finite(arrays: Dict[str, np.ndarray], nimg: int) -> None:
    """Check that all arrays are finite before they are saved.

    An update can produce infinite weights from finite losses and gradients.

    Raises:
        NonFiniteLoss: An array is not finite. The message names the first one.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise NonFiniteLoss(
                f"{name} is not finite after image {nimg}, but all losses and gradients were; {LOWER_RATES}"
            )
