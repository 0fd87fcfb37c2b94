"""The phases of a run in images and steps, and a batch in the hands of several processes."""

import dataclasses

import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, Experiment, Phase, Pix2PixConfig, SPADEConfig
from jittor_tsit.config.phases import data_of, has_sizes, is_due, make_plan, require_even, split_of, steps_from
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.tsit import TSITConfig


@pytest.fixture
def experiment():
    phases = (Phase(epochs=2, batch_size=2, lr_G=0.5), Phase(nimg=7, batch_size=3, split="a.txt", weights={"vgg": 1}))
    return Experiment("tsit", TSITConfig(), phases=phases)


def test_phases_follow_each_other_in_images(experiment):
    first, second = make_plan(experiment, [5, 9])
    assert (first.start, first.end, first.num_steps, first.rates) == (0, 10, 5, {"lr_G": 0.5, "lr_D": 4e-4})
    assert (second.start, second.end, second.num_steps) == (10, 17, 3)
    assert first.weights["vgg"] == 20.0 and second.weights["vgg"] == 1


def test_the_last_batch_of_a_phase_takes_what_remains(experiment):
    plan = make_plan(experiment, [5, 9])
    assert [(step.first, step.size) for step in steps_from(plan, 8)] == [(8, 2), (10, 3), (13, 3), (16, 1)]


@pytest.mark.parametrize(
    "sizes, change, message",
    [
        ([1, 9], {}, "1 samples of phase 1, fewer than batch_size=2"),
        ([5, 9], {"weights": {"vg": 1}}, "weights.vg of phase 1: no such term"),
    ],
)
def test_a_phase_that_cannot_be_run_is_refused(experiment, sizes, change, message):
    phases = (dataclasses.replace(experiment.phases[0], **change), experiment.phases[1])
    with pytest.raises(InputError, match=message):
        make_plan(dataclasses.replace(experiment, phases=phases), sizes)


def test_batches_that_do_not_divide_over_processes_are_refused_in_phases_to_come(experiment):
    plan = make_plan(experiment, [5, 9])
    with pytest.raises(InputError, match="batch_size=3 of phase 2: cannot be divided among 2 processes"):
        require_even(plan, 0, 2)
    require_even(plan, 17, 2)


def test_a_phase_that_names_a_missing_split_is_refused(experiment, tmp_path):
    data = dataclasses.replace(experiment.data, split=str(tmp_path))
    with pytest.raises(InputError, match="phase 2: no split file .*a.txt"):
        split_of(dataclasses.replace(experiment, data=data), 2)


def test_an_interval_is_due_when_a_multiple_was_reached():
    assert [is_due(before, before + 3, 10) for before in (0, 6, 7, 10)] == [False, False, True, False]


def test_the_pieces_of_all_processes_and_parts_are_the_batch(monkeypatch):
    monkeypatch.setattr(parallel, "num_processes", lambda: 2)
    found = []
    for rank in range(2):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        found.append(parallel.split_batch(10, 5, num_parts=2))
    images = [place for part in zip(*found) for piece in part for place in piece.index[: piece.share.own]]
    assert images == [10, 11, 12, 13, 14]
    assert sum(piece.share.weight for pieces in found for piece in pieces) == pytest.approx(1)


def test_a_process_without_an_image_has_one_that_does_not_count(monkeypatch):
    monkeypatch.setattr(parallel, "num_processes", lambda: 2)
    monkeypatch.setattr(parallel, "rank", lambda: 0)
    (piece,) = parallel.split_batch(4, 1)
    assert piece.index == range(4, 5) and piece.share == parallel.Share(0, 1, 1)


GROWING = (Phase(nimg=2, image_width=128, image_height=96), Phase(nimg=2))


def growing(system="spade", config=None, phases=GROWING, **data):
    data = DataConfig(**{"image_width": 256, "image_height": 192, **data})
    return Experiment(system, config or SPADEConfig(), data, phases=phases)


def test_a_phase_may_have_a_size_of_its_own():
    experiment = growing(load_width=286, load_height=220)
    assert [phase.size for phase in make_plan(experiment, [4, 4])] == [(128, 96), (256, 192)]
    first, second = (data_of(experiment, number) for number in (1, 2))
    assert (first.image_width, first.image_height, first.load_width, first.load_height) == (128, 96, 143, 110)
    assert second == experiment.data
    assert has_sizes(experiment) and not has_sizes(growing(phases=GROWING[1:]))
    assert data_of(growing(), 1).load_width == 0


@pytest.mark.parametrize(
    "given, message",
    [
        ({"phases": (Phase(nimg=1, image_width=128),)}, "phase 1: image_width=128, image_height=0: give both, or none"),
        (
            {"phases": (*GROWING[1:], Phase(nimg=1, image_width=100, image_height=96))},
            "phase 2: image size 100x96: SPADE with upsampling=normal needs multiples of 32",
        ),
        (
            {"system": "tsit", "config": TSITConfig()},
            "phase 1: image size 128x96: TSIT needs multiples of 128, and more than 128x128",
        ),
        (
            {"system": "pix2pix", "config": Pix2PixConfig()},
            "phase 1: image_width=128, image_height=96: pix2pix has one size in a run",
        ),
        ({"cache": "pairs"}, "phase 1: .*: data.cache holds images of one size; must be empty"),
    ],
)
def test_sizes_that_a_phase_cannot_have_are_refused_in_one_line(given, message):
    with pytest.raises(InputError, match=f"^{message}"):
        growing(**given)
