"""What only the segmenter promises."""

import dataclasses

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.basics.table import read_table
from data_tools.rendering.write_set import write_set
from data_tools.sets.image_io import read_photo
from helpers.tiny import make_experiment
from jittor_tsit.config import OptimConfig
from jittor_tsit.evaluation.history import BEST, read_metrics
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.losses import balanced_cross_entropy
from jittor_tsit.systems.segformer import SegFormerConfig
from jittor_tsit.training import session


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_the_loss_is_the_weighted_cross_entropy(rng, balance):
    logits = rng.standard_normal((2, 4, 3, 5))
    ids = rng.integers(0, 3, (2, 3, 5))  # class 3 does not appear
    ids[:, :2] = 0
    share = np.bincount(ids.ravel(), minlength=4) / ids.size
    weight = np.array([s**-balance if s else 0 for s in share])
    weight /= (share * weight).sum()
    probability = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    chosen = np.take_along_axis(probability, ids[:, None], 1)[:, 0]
    expected = -(weight[ids] * np.log(chosen)).mean()
    segmap = (ids[:, None] == np.arange(4)[:, None, None]).astype(np.float32)
    ours = balanced_cross_entropy(jt.array(logits.astype(np.float32)), jt.array(segmap), balance)
    np.testing.assert_allclose(ours.item(), expected, rtol=1e-5)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run on rendered landscapes of few colours, a part of them held out."""
    place = tmp_path_factory.mktemp("segformer")
    write_set(place / "set", 12, 0, 64, 64)
    experiment = make_experiment(place / "set", total_nimg=64, batch_size=4, status_nimg=16, snapshot_nimg=32)
    data = dataclasses.replace(experiment.data, image_width=64, image_height=64, folds=3, fold=2, color_jitter=0.2)
    config = SegFormerConfig(optim=OptimConfig(lr_G=1e-3, betas=(0.9, 0.999)))
    experiment = dataclasses.replace(experiment, system="segformer", config=config, data=data)
    experiment = dataclasses.replace(experiment, run=dataclasses.replace(experiment.run, evaluate_every=1))
    assert session.run_training(experiment, place / "run") == 0
    return place


def test_training_is_scored_on_the_held_out_pairs(run):
    lines = read_metrics(run / "run")
    assert [line["nimg"] for line in lines] == [32, 64]
    assert all(0 < line["pixel_accuracy"] < 1 and line["rank"] == line["mean_iou"] for line in lines)
    assert lines[-1]["pixel_accuracy"] > 0.3  # sky or ground alone is about that; random weights give a thirtieth
    table = read_table(run / "run/disagreement.csv")
    assert 1 <= len(table.stems) <= 8
    np.testing.assert_allclose(1 - table.columns["disagreement"].mean(), lines[-1]["pixel_accuracy"], atol=1e-5)


def test_the_best_checkpoint_judges_photos_of_any_size(run):
    segmenter = Judges(segmenter_file=run / "run" / BEST).segmenter()
    assert "on held-out pairs the segmenter's pixel accuracy is" in segmenter.note
    photo = read_photo(next((run / "set/train/imgs").iterdir()))
    ids = segmenter.segment(np.repeat(photo, 2, axis=0)[:100, :50])
    assert ids.shape == (100, 50) and ids.dtype == np.uint8 and ids.max() < 29


def test_options_that_do_not_fit_are_refused():
    for fields, message in (({"size": "b9"}, "size=b9: allowed are b0"), ({"balance": 2}, "balance=2: allowed")):
        with pytest.raises(InputError, match=message):
            SegFormerConfig(**fields)


def test_the_confidence_is_the_mean_probability_of_the_predicted_classes(run):
    segmenter = Judges(segmenter_file=run / "run" / BEST).segmenter()
    photo = read_photo(sorted((run / "set/train/imgs").iterdir())[0])
    ids, confidence = segmenter.segment_with_confidence(photo)
    np.testing.assert_array_equal(ids, segmenter.segment(photo))
    assert 1 / 29 < confidence < 1 and segmenter.label_maps.num_classes == 29
