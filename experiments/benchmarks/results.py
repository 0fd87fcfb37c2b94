"""Turn the measured seconds of a speed benchmark into a record and a table."""

from __future__ import annotations

from statistics import median
from typing import Dict, List, Mapping, Sequence

from experiments.benchmarks.case import Case
from experiments.benchmarks.floor import generation, training_step

OURS = "jittor"  # the name of our side
IDLE_LIMIT = 0.02  # share of a core; a waiting process that computes more disturbs the measurement
Rounds = Dict[str, Dict[str, List[float]]]  # "train" -> name -> seconds of each step in a block
CALLS = {"train": training_step, "generate": generation}


def summarise(case: Case, sides: Dict[str, dict], rounds: Sequence[Rounds]) -> Dict[str, object]:
    """Compute each side's median, lowest and highest times, the ratios of ours to the others, and the floor.

    Args:
        sides: Name -> its record so far, to which the times are added.
    """
    flops = max(side["peaks"][0] for side in sides.values())
    bandwidth = max(side["peaks"][1] for side in sides.values())
    floor: Dict[str, object] = {"gflop_per_s": flops / 1e9, "gb_per_s": bandwidth / 1e9}
    ratios: Dict[str, Dict[str, List[float]]] = {name: {} for name in sides if name != OURS}
    for call, work_of in CALLS.items():
        for name, side in sides.items():
            ms = sorted(1000 * second for each in rounds for second in each[call][name])
            side[f"{call}_ms"] = [median(ms), ms[0], ms[-1]]
            side[f"{call}_img_per_s"] = 1000 * case.batch / median(ms)
        for name, ratio in ratios.items():
            values = [median(each[call][OURS]) / median(each[call][name]) for each in rounds]
            ratio[call] = [median(values), min(values), max(values)]
        work = work_of(case)
        floor[call] = {"gflop": work.flops / 1e9, "gb": work.bytes / 1e9}
        floor[call].update(flops_ms=1000 * work.flops / flops, bytes_ms=1000 * work.bytes / bandwidth)
    idle = [share for each in rounds for shares in each["idle_cpu"].values() for share in shares]
    return {"sides": sides, "ratios": ratios, "floor": floor, "idle_cpu": max(idle, default=0.0)}


def report(record: Mapping) -> str:
    """A Markdown table of the sides, with the machine above and the floor below."""
    size, device = f"{record['image_width']}x{record['image_height']}", record["gpu"] or record["cpu"]
    title = f"{record['system']}, width {record['width']}, {size}, batch {record['batch']}"
    title += ", with VGG-19" if record["vgg"] else ""
    place = f"{record['date']}, {device}, {record['cores']} cores, commit {record['commit']}"
    lines = [title, f"{place}; {record['steps']} steps x {record['repeats']}: median (least-most)", ""]
    lines += ["| | step ms | images/s | ours / theirs | images only, ms | ours / theirs | peak MiB | first step s |"]
    lines += ["|---" * 8 + "|"]
    lines += [_row(name, side, record["ratios"].get(name)) for name, side in record["sides"].items()]
    lines += ["", *_floor_lines(record["floor"], record["sides"][OURS])]
    if record["idle_cpu"] > IDLE_LIMIT:
        lines.append(f"WARNING: a waiting process computed for {record['idle_cpu']:.0%} of the time")
    return "\n".join(lines)


def _floor_lines(floor: Mapping, ours: Mapping) -> List[str]:
    lines = [f"machine: {floor['gflop_per_s']:.0f} GFLOP/s in a matrix product, {floor['gb_per_s']:.1f} GB/s in a copy"]
    for call, what in (("train", "step"), ("generate", "images only")):
        least = floor[call]
        times = ours[f"{call}_ms"][0] / max(least["flops_ms"], least["bytes_ms"])
        arithmetic = f"{least['gflop']:.1f} GFLOP: {least['flops_ms']:.0f} ms"
        traffic = f"{least['gb']:.2f} GB: {least['bytes_ms']:.0f} ms"
        lines.append(f"floor, {what}: {arithmetic}; {traffic}; ours takes {times:.1f} times the larger")
    return lines


def _row(name: str, side: Mapping, ratio) -> str:
    cells = [name, _with_range(side["train_ms"], 0), f"{side['train_img_per_s']:.2f}"]
    cells += [_with_range(ratio["train"], 2) if ratio else "", _with_range(side["generate_ms"], 0)]
    cells += [_with_range(ratio["generate"], 2) if ratio else ""]
    cells += [f"{side['device_mib'] or side['peak_mib']:.0f}", f"{side['first_step_s']:.1f}"]
    return f"| {' | '.join(cells)} |"


def _with_range(values: Sequence[float], digits: int) -> str:
    middle, least, most = (f"{value:.{digits}f}" for value in values)
    return f"{middle} ({least}-{most})"
