"""The rendered sample set, for `train` without --data and `test --demo`."""

import sys
from pathlib import Path

SAMPLE_SET = Path("data/sample")
SAMPLE_PAIRS, SAMPLE_LABELS, SAMPLE_SEED = 64, 16, 0


def render_sample_set(why: str = "no --data") -> None:
    """Render the sample set, landscapes with label maps, into its folder. Keep the files that exist."""
    from data_tools.rendering.write_set import write_set

    print(f"{why}: rendering {SAMPLE_PAIRS} landscapes to {SAMPLE_SET}", file=sys.stderr)
    write_set(SAMPLE_SET, SAMPLE_PAIRS, SAMPLE_SEED, test_count=SAMPLE_LABELS)
