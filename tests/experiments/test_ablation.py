"""The ablation: which rows are missing, what a row holds, and the table; the commands themselves are replaced."""

import json

import pytest

from data_tools.basics.errors import InputError
from experiments.benchmarks import ablation
from helpers.experiments import configure
from jittor_tsit.config.experiment_files import load_experiment


@pytest.fixture
def options(tmp_path, monkeypatch):
    """The parsed options of an ablation of two means on one seed, whose commands are kept in `calls`."""
    calls = []

    def call(*words):
        words = list(map(str, words))
        calls.append(words)
        if words[0] == "train":
            folder = tmp_path / words[words.index("--run-dir") + 1]
            folder.mkdir(parents=True)
            lines = [{"img_per_s": speed, "memory_gb": speed} for speed in (0.5, 2.0, 2.0)]
            (folder / "stats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        if words[0] == "score":
            terms = {"vgg16_relu5_1_frechet": {"value": float(len(calls))}, "fid": {"value": None}}
            (tmp_path / words[words.index("--out") + 1]).write_text(json.dumps({"terms": terms}))

    monkeypatch.setattr(ablation, "call", call)
    monkeypatch.setattr(ablation, "lpips_of", lambda *_: {"lpips": 0.25})
    monkeypatch.setattr(ablation, "find_pairs", lambda folder: [None] * (20 if folder.name == "many" else 19))
    words = f"--data set --yardstick many --out {tmp_path / 'out'} --seeds 1 --nimg 6 --means base,warp flip=false"
    options = ablation.parser().parse_args(words.split())
    options.calls = calls
    return options


def test_rows_are_measured_once_and_stand_in_a_table(options, capsys):
    assert ablation.run(options) == 0
    assert [words[0] for words in options.calls] == ["train", "test", "score"] * 2
    assert options.calls[3][-3:] == ["snapshot_nimg=6", "flip=false", "warp=0.05"]
    rows = [json.loads(line) for line in (options.out / "ablation.jsonl").read_text().splitlines()]
    assert [(row["means"], row["seed"], row["step_s"], row["memory_gb"]) for row in rows] == [
        ("base", 0, 0.5, 2.0),
        ("warp", 0, 0.5, 2.0),
    ]
    assert (options.out / "ablation.md").read_text().splitlines() == [
        "| means | seeds | VGG-16 Fréchet | LPIPS | step s | memory GB |",
        "|---|---|---|---|---|---|",
        "| base | 1 | 3 | 0.25 | 0.5 | 2 |",
        "| warp | 1 | 6 | 0.25 | 0.5 | 2 |",
    ]
    options.calls.clear()
    assert ablation.run(options) == 0 and options.calls == []


def test_another_protocol_needs_another_folder(options):
    ablation.run(options)
    options.nimg = 7
    with pytest.raises(InputError, match="ablation.jsonl: holds rows with .*6.*; take another --out"):
        ablation.run(options)


def test_a_small_yardstick_and_unknown_means_are_refused(options):
    with pytest.raises(InputError, match="warmth: no such means; there are base"):
        ablation.chosen(["warmth"], [])
    options.yardstick = options.yardstick.with_name("few")
    with pytest.raises(InputError, match="--yardstick few: holds 19 pairs; at least 20 are needed"):
        ablation.run(options)


def test_deviations_are_those_between_seeds():
    rows = [{"means": "base", "seed": seed, "fid": fid} for seed, fid in ((0, 1.0), (1, 3.0))]
    assert "| base | 2 | 2 ± 1.4 |" in ablation.table(rows)
    assert list(ablation.missing({"base": (), "warp": ()}, 3, rows)) == [
        ("warp", 0),
        ("warp", 1),
        ("base", 2),
        ("warp", 2),
    ]


@pytest.mark.parametrize("name", ablation.MEANS)
def test_every_means_has_options_of_the_base(name):
    changed = configure(ablation.BASE, None, list(ablation.MEANS[name]))
    assert (changed != load_experiment(ablation.BASE)) == bool(ablation.MEANS[name])


def test_what_is_taken_together_has_all_options():
    rows = ablation.chosen(["base"], ["code", "noise"])
    assert rows == {"base": (), "together": ("code_in_norms=true", "pixel_noise=true")}
