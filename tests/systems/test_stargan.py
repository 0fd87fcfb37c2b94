"""What only StarGAN promises."""

import dataclasses

import jittor as jt
import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, make_batch, make_experiment, make_system
from jittor_tsit.commands.test import run_test
from jittor_tsit.data.sheets import Layout
from jittor_tsit.runs.checkpoint import checkpoint_path
from jittor_tsit.systems.stargan import StarGANConfig, StarGANSystem
from jittor_tsit.training import session


def test_a_face_gets_one_hair_colour_and_the_rest_turned_round():
    config = dataclasses.replace(CONFIGS["stargan"], attributes=("Black_Hair", "Male", "Blond_Hair"))
    system = StarGANSystem(config, 29, 32, 32, seed=0)
    found = {name: tuple(label) for name, label in system.targets(np.float32([1, 0, 0])).items()}
    assert found == {"Black_Hair": (1, 0, 0), "Male": (1, 1, 0), "Blond_Hair": (0, 0, 1)}
    found = {name: tuple(label) for name, label in system.targets(np.float32([0, 1, 1])).items()}
    assert found == {"Black_Hair": (1, 1, 0), "Male": (0, 0, 1), "Blond_Hair": (0, 1, 1)}


def test_every_class_is_a_target_whatever_the_photo():
    config = dataclasses.replace(CONFIGS["stargan"], attributes=(), classes=("sea", "forest"))
    system = StarGANSystem(config, 29, 32, 32, seed=0)
    found = {name: tuple(label) for name, label in system.targets(np.float32([1, 0])).items()}
    assert found == {"sea": (1, 0), "forest": (0, 1)}


def test_g_moves_every_nth_step_and_its_optimizer_counts_those():
    system = make_system("stargan")
    system.config = dataclasses.replace(system.config, n_critic=2)
    weight, batch, moves = system.G.conv_image.weight, make_batch(system), []
    for step in range(4):
        before = weight.numpy().copy()
        system.train_step([batch], step)
        moves.append(not np.array_equal(weight.numpy(), before))
    assert moves == [False, True, False, True]
    assert [system.optimizers[name].num_steps for name in "GD"] == [2, 4]
    assert [system.updates_of(name, 4) for name in "GD"] == [2, 4]  # what a resumed run begins with


@pytest.mark.parametrize("classes, num_sets", [((), 1), (("c", "d"), 2)])
def test_the_cycle_is_that_of_g_and_every_set_counts_in_the_updates(classes, num_sets):
    config = dataclasses.replace(CONFIGS["stargan"], classes=classes, n_critic=3)
    system = StarGANSystem(config, 29, 32, 32, seed=0)
    assert system.cycle == (0, 3)
    assert [system.updates_of(name, 8) for name in "GD"] == [2 * num_sets, 8 * num_sets]


def test_a_target_that_is_another_gives_another_image():
    system = make_system("stargan", is_training=False)
    images = [column.numpy() for column in system.columns(make_batch(system), None)]
    assert len(system.column_heads()) == len(images)
    assert len(images) == 2 and np.abs(images[0] - images[1]).max() > 1e-4


@pytest.mark.parametrize(
    "options, message",
    [
        ({"attributes": ()}, "needs two different names or more"),
        ({"attributes": ("a", "a")}, "needs two different names or more"),
        ({"classes": ("Male", "b")}, "needs two different names or more"),
        ({"n_critic": 0}, "n_critic=0: must be at least 1"),
        ({"gan_loss": "l2"}, "gan_loss=l2: allowed are"),
    ],
)
def test_options_that_cannot_work_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        StarGANConfig(**options)


def test_sizes_that_cannot_work_are_refused():
    with pytest.raises(InputError, match="96x100: StarGAN with num_layers_D=5 needs multiples of 32"):
        StarGANSystem(dataclasses.replace(CONFIGS["stargan"], num_layers_D=5), 29, 100, 96, seed=0)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Five faces with two attributes."""
    root, rng = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    (root / "images").mkdir()
    lines = ["5", "Male Young"]
    for k in range(5):
        Image.fromarray(rng.integers(0, 256, (48, 40, 3)).astype(np.uint8)).save(root / f"images/{k}.jpg")
        lines.append(f"{k}.jpg {'1' if k % 2 else '-1'} 1")
    (root / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    return root


def test_faces_kept_for_test_are_given_every_attribute(faces, tmp_path, capsys):
    experiment = make_experiment(faces, total_nimg=2)
    data = dataclasses.replace(experiment.data, image_width=32, image_height=32, crop=40, num_test=2)
    config = dataclasses.replace(CONFIGS["stargan"], attributes=("Male", "Young"))
    experiment = dataclasses.replace(experiment, system="stargan", config=config, data=data)
    assert session.run_training(experiment, tmp_path / "run") == 0
    checkpoint = checkpoint_path(tmp_path / "run", 2)
    assert run_test(checkpoint, None, tmp_path / "out", 0, None, compare=False) == 0
    names = sorted(path.name.partition("_")[2] for path in (tmp_path / "out/images").iterdir())
    assert names == ["Male.jpg", "Male.jpg", "Young.jpg", "Young.jpg"]
    with Image.open(tmp_path / "out/compare.png") as grid:
        assert grid.size == Layout((128, 128), 3, 1, 2, 2).size  # 32 pixels, enlarged
    assert run_test(checkpoint, faces, tmp_path / "all", 0, None, compare=False) == 0
    assert len(list((tmp_path / "all/images").iterdir())) == 10
    require_own_photos(checkpoint, faces, tmp_path, capsys)


def require_own_photos(checkpoint, faces, tmp_path, capsys):
    """Photos without an attribute list get every attribute, too: D finds what they have."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/me at home.jpg").write_bytes((faces / "images/0.jpg").read_bytes())
    capsys.readouterr()
    assert run_test(checkpoint, tmp_path / "mine", tmp_path / "other", 0, None, compare=False) == 0
    assert "there is no attribute list; the model's D finds the attributes of the photos" in capsys.readouterr().err
    names = sorted(path.name for path in (tmp_path / "other/images").iterdir())
    assert names == ["me at home_Male.jpg", "me at home_Young.jpg"]


def test_photos_without_a_list_have_the_attributes_that_d_finds():
    config = dataclasses.replace(CONFIGS["stargan"], attributes=("Male", "Young"))
    system = StarGANSystem(config, 29, 32, 32, seed=0)
    image = jt.zeros((1, 3, 32, 32))
    assert tuple(system.find_label(image)) == (0, 0)  # a published model without D
    system.prepare_test()
    system.D.execute = lambda image: (None, jt.array([[2.0, -1.0]]))
    assert tuple(system.find_label(image)) == (1, 0)
