"""Make the demo model's file of a run: only the networks, G with its averaged weights, with 16 bits for each number.

Command: python -m experiments.demo.pack runs/demo_model
"""

import argparse
import hashlib
from pathlib import Path
from typing import Dict

import numpy as np

from jittor_tsit.runs.checkpoint import Checkpoint, checkpoint_paths, load_checkpoint, save_checkpoint
from jittor_tsit.runs.demo_model import CHECKSUM, FILE, FOLDER
from jittor_tsit.systems.state import with_averaged_weights

NETWORKS = "G", "E", "D"  # D, too: for tuning
MATRIX = 2  # axes; arrays with fewer are small, and their rounding errors would be largest: they keep 32 bits
LOG = "demo.log"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the demo model")
    args = parser.parse_args()
    path = args.out / FILE
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = load_checkpoint(checkpoint_paths(args.run)[-1])
    save_checkpoint(path, packed(checkpoint))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (args.out / CHECKSUM).write_text(f"{digest}  {FILE}\n", encoding="ascii")
    log = (args.run / "log.txt").read_text(encoding="utf-8").replace(checkpoint.experiment["data"]["root"], "DATA")
    (args.out / LOG).write_text(log.replace(str(args.run), "RUN"), encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {digest}")


def packed(checkpoint: Checkpoint) -> Checkpoint:
    """Return a checkpoint without the state of training and without paths of this machine."""
    arrays: Dict[str, np.ndarray] = {
        name: array.astype(np.float16) if array.ndim >= MATRIX else array
        for name, array in with_averaged_weights(checkpoint.arrays).items()
        if name.partition(".")[0] in NETWORKS
    }
    options = {name: value for name, value in checkpoint.experiment.items() if name != "samples"}
    options["data"] = {**options["data"], "root": "", "split": "", "cache": ""}
    options["config"] = {**options["config"], "perceptual_weights": ""}
    return Checkpoint(arrays, checkpoint.progress, options)


if __name__ == "__main__":
    main()
