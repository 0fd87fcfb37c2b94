"""Scorings along a run, and the pairs that are held out for them."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from data_tools.sets.held_out import hold_out
from data_tools.sets.pairing import Pair
from helpers.tiny import HEIGHT, WIDTH, make_experiment
from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.evaluation.held_out import require_useful
from jittor_tsit.evaluation.history import BEST, CURVE, METRICS, Evaluation, read_metrics
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.runs.checkpoint import Progress, load_checkpoint
from jittor_tsit.systems.tsit import TSITConfig
from jittor_tsit.training import session


@pytest.fixture
def evaluation(tmp_path):
    """Whose scores are handed in one by one."""
    scores, said = [], []
    made = Evaluation(lambda: {"rank": scores.pop(0)}, interval=4, total_nimg=10, run_dir=tmp_path, say=said.append)
    made.scores, made.said = scores, said
    return made


def reach(evaluation, nimg, score=None):
    """A checkpoint after `nimg` images, and its scoring."""
    path = evaluation.run_dir / f"state-{nimg}.safetensors"
    path.write_text(f"after {nimg}")
    evaluation.scores[:] = [] if score is None else [score]
    evaluation(Progress(nimg, nimg), path)


def test_the_best_checkpoint_is_kept_whatever_becomes_of_its_own_file(evaluation):
    for nimg, score in ((4, 0.2), (8, 0.6), (10, 0.5)):
        reach(evaluation, nimg, score)
    (evaluation.run_dir / "state-8.safetensors").unlink()
    assert (evaluation.run_dir / BEST).read_text() == "after 8"
    assert [line["rank"] for line in read_metrics(evaluation.run_dir)] == [0.2, 0.6, 0.5]
    assert "best: after 8" in evaluation.said[-1]


def test_of_equal_scores_the_first_stays_the_best(evaluation):
    for nimg, score in ((4, 0.6), (8, 0.6), (10, 0.5)):
        reach(evaluation, nimg, score)
    assert (evaluation.run_dir / BEST).read_text() == "after 4"
    assert "best: after 4" in evaluation.said[-1]


def test_only_what_is_due_is_scored(evaluation):
    for nimg, score in ((2, None), (4, 0.2), (6, None), (10, 0.1)):  # the end always
        reach(evaluation, nimg, score)
    assert [line["nimg"] for line in read_metrics(evaluation.run_dir)] == [4, 10]


def test_a_scoring_that_is_done_again_takes_the_place_of_the_first(evaluation):
    for nimg, score in ((4, 0.2), (8, 0.9), (8, 0.3)):
        reach(evaluation, nimg, score)
    lines = (evaluation.run_dir / METRICS).read_text().splitlines()
    assert [json.loads(line)["rank"] for line in lines] == [0.2, 0.3]
    assert (evaluation.run_dir / BEST).read_text() == "after 8"


def test_a_scoring_that_fails_is_told_in_one_line_and_the_next_one_is_tried(evaluation):
    reach(evaluation, 4)  # the fixture has no score to give, and raises IndexError
    reach(evaluation, 8, 0.6)
    lines = [json.loads(line) for line in (evaluation.run_dir / METRICS).read_text().splitlines()]
    assert "IndexError" in lines[0]["error"] and lines[1]["rank"] == 0.6
    assert "held-out pairs after 4 images: not scored, because IndexError" in evaluation.said[0]
    assert "\n" not in evaluation.said[0] and (evaluation.run_dir / BEST).read_text() == "after 8"
    assert [line["nimg"] for line in read_metrics(evaluation.run_dir)] == [8]


def test_a_scoring_that_was_cut_off_is_made_up_for_and_no_other(evaluation):
    reach(evaluation, 4, 0.2)
    (evaluation.run_dir / "state-8.safetensors").write_text("after 8")  # and killed
    for _ in range(2):
        evaluation.scores[:] = [0.6]
        evaluation.catch_up(Progress(8, 8), evaluation.run_dir / "state-8.safetensors")
    assert evaluation.scores == [0.6]  # the second time it was not asked for
    assert [line["rank"] for line in read_metrics(evaluation.run_dir)] == [0.2, 0.6]
    assert (evaluation.run_dir / BEST).read_text() == "after 8"


def test_the_curve_shows_one_row_a_term(evaluation):
    pytest.importorskip("matplotlib")
    reach(evaluation, 4, 0.2)
    reach(evaluation, 8, 0.6)
    with Image.open(evaluation.run_dir / CURVE) as picture:
        assert picture.size == (900, 340)
        assert np.asarray(picture).std() > 5  # something is drawn


PAIRS = [Pair(f"p{k}", Path(f"{k}.jpg"), Path(f"{k}.png")) for k in range(60)]


def test_every_pair_is_held_out_in_exactly_one_fold():
    folds = [hold_out(PAIRS, 5, fold) for fold in range(1, 6)]
    assert sorted(pair for _, held in folds for pair in held) == sorted(PAIRS)
    for kept, held in folds:
        assert len(kept) + len(held) == 60 and not set(kept) & set(held)
        assert 4 <= len(held) <= 22  # 12 expected, 3 standard deviations of a lot each way


def test_a_pairs_fold_does_not_depend_on_the_others():
    assert set(hold_out(PAIRS[:30], 5, 2)[1]) == set(hold_out(PAIRS, 5, 2)[1]) & set(PAIRS[:30])


def test_the_fold_of_a_pair_is_its_names_hash():
    """By SHA-256 of the name as a number: a run that goes on needs the same pairs in any later version."""
    stems = {"p0": 2, "p1": 1, "p2": 4, "p3": 3, "p4": 1, "p5": 1, "p6": 1}  # modulo 5
    for stem, rest in stems.items():
        assert int(hashlib.sha256(stem.encode()).hexdigest(), 16) % 5 == rest
    for fold in (2, 3, 4, 5):
        held = [pair.stem for pair in hold_out(PAIRS[:7], 5, fold)[1]]
        assert held == [stem for stem, rest in stems.items() if rest == fold - 1]


def test_folds_that_leave_nothing_are_refused():
    with pytest.raises(InputError, match="folds=50, fold=.*: holds out 0 of 2 pairs"):
        for fold in range(1, 51):
            hold_out(PAIRS[:2], 50, fold)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"folds": 1}, "folds=1: must be 0, or at least 2"),
        ({"folds": 3, "fold": 4}, "fold=4: allowed are 1 to 3"),
        ({"color_jitter": 1.0}, "color_jitter=1.0: from 0 to below 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        DataConfig(**fields)


def test_evaluation_needs_pairs_that_are_held_out():
    with pytest.raises(InputError, match="evaluate_every: needs held-out pairs"):
        Experiment("tsit", TSITConfig(), run=RunConfig(total_nimg=1, evaluate_every=1))


def generator_run(tmp_path, judges):
    """Four images of TSIT, half of whose pairs are held out and scored after every second."""
    write_set(tmp_path / "set", 6, 0, WIDTH, HEIGHT)
    experiment = make_experiment(tmp_path / "set")
    data = dataclasses.replace(experiment.data, folds=2)
    run = dataclasses.replace(experiment.run, evaluate_every=1, judges=str(judges))
    return session.run_training(dataclasses.replace(experiment, data=data, run=run), tmp_path / "run")


def test_a_generators_checkpoints_are_ranked_by_the_judges_at_hand(tmp_path):
    judges, run_dir = tmp_path / "judges", tmp_path / "run"
    judges.mkdir()
    (judges / "segmenter.py").write_text("def segment(photo):\n    return (photo.mean(2) > 128).astype('uint8')\n")
    assert generator_run(tmp_path, judges) == 0
    lines = read_metrics(run_dir)
    assert [line["nimg"] for line in lines] == [2, 4]
    assert all(0 <= line["mask_accuracy"] == line["rank"] <= 1 for line in lines)
    best = max(lines, key=lambda line: line["rank"])["nimg"]
    assert load_checkpoint(run_dir / BEST).progress.nimg == best
    made = {path.stem for path in (run_dir / "evaluation").glob("*.jpg")}
    assert 0 < len(made) < 6


def test_scoring_a_generator_needs_a_judge(tmp_path):
    with pytest.raises(InputError, match="evaluate_every: .*none holds no judge of images"):
        generator_run(tmp_path, tmp_path / "none")


def test_what_cannot_be_scored_is_refused_before_training(tmp_path):
    judges, maps = Judges(tmp_path), LabelMaps(150)
    (tmp_path / "segmenter.py").write_text("def segment(photo):\n    return photo[..., 0]\n")
    require_useful(judges, 1, maps)  # a Python file may know any classes
    (tmp_path / "segmenter.py").unlink()
    (tmp_path / "vgg16.pth").write_bytes(b"")
    require_useful(judges, 2, maps)
    with pytest.raises(InputError, match="evaluate_every: 1 pair is held out, and the judges in .* need at least 2"):
        require_useful(judges, 1, maps)


def test_a_scoring_that_fails_ends_no_run(tmp_path):
    judges, run_dir = tmp_path / "judges", tmp_path / "run"
    judges.mkdir()
    (judges / "segmenter.py").write_text("def segment(photo):\n    raise RuntimeError('out of order')\n")
    assert generator_run(tmp_path, judges) == 0
    lines = [json.loads(line) for line in (run_dir / METRICS).read_text().splitlines()]
    assert [line["nimg"] for line in lines] == [2, 4] and all("out of order" in line["error"] for line in lines)
