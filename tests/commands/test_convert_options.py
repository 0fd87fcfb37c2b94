"""Which options `convert` lists: those that no array tells and that make a difference to the images.

Every option of a system's Config and of DataConfig is sorted here, so that a new one has to be.
"""

import dataclasses

import numpy as np
import pytest

from helpers.official_files import convert
from helpers.tiny import HEIGHT, NUM_CLASSES, WIDTH
from jittor_tsit.config import DataConfig
from jittor_tsit.config.overrides import fields_of
from jittor_tsit.conversion.official_networks import LAYOUTS
from jittor_tsit.conversion.renaming import official_names
from jittor_tsit.conversion.unrecorded_options import SIZE
from jittor_tsit.runs.checkpoint import load_checkpoint
from jittor_tsit.systems import SYSTEMS, system_class
from jittor_tsit.systems.cyclegan import CycleGANWeights

# ---- Small models whose options differ from the defaults wherever arrays can tell it

VARIANTS = {
    "tsit": {"width": 2, "width_D": 3, "num_layers_D": 3, "num_scales_D": 1, "z_dim": 5},
    "tsit ast": {"form": "ast", "use_vae": False, "width": 2, "width_D": 3, "num_layers_D": 3, "num_scales_D": 1},
    "spade": {"width": 2, "width_D": 3, "num_layers_D": 3, "num_scales_D": 1, "use_vae": True, "z_dim": 5},
    "spade most": {"width": 2, "width_D": 3, "upsampling": "most"},
    "pix2pix": {"source": "images", "num_levels": 6, "width": 2, "width_D": 3, "num_layers_D": 2, "norm": "instance"},
    "pix2pix labels": {"generator": "resnet", "num_blocks": 1, "width": 2, "width_D": 3, "dropout": False},
    "cyclegan": {"num_blocks": 1, "width": 2, "width_D": 3, "num_layers_D": 2, "norm": "batch", "dropout": True},
    "pix2pix grey": {"source": "images", "in_channels": 1, "num_levels": 6, "width": 2, "width_D": 3},
    "pix2pix to grey": {
        "source": "images",
        "out_channels": 1,
        "generator": "resnet",
        "num_blocks": 1,
        "width": 2,
        "width_D": 3,
    },
    "cyclegan to grey": {
        "out_channels": 1,
        "num_blocks": 1,
        "width": 2,
        "width_D": 3,
        "weights": CycleGANWeights(idt_a=0, idt_b=0),
    },
    "simgan": {"kind": "hand", "channels": 3, "width": 2},
    "unit": {"num_blocks": 1, "width": 2, "width_D": 3, "num_layers_D": 2, "discriminator": "separate"},
    "unit rewrite": {"form": "rewrite", "num_blocks": 1, "width": 2, "width_D": 3, "num_layers_D": 2},
    "unit grey": {"in_channels": 1, "num_blocks": 1, "width": 2, "width_D": 3, "num_layers_D": 2},
    "unit rewrite to grey": {"form": "rewrite", "out_channels": 1, "num_blocks": 1, "width": 2, "width_D": 3},
    "bicyclegan": {
        "source": "images",
        "in_channels": 1,
        "out_channels": 1,
        "num_levels": 6,
        "z_dim": 3,
        "upsampling": "bilinear",
        "encoder": "conv",
        "num_layers_E": 1,
        "width": 2,
        "width_D": 4,
        "width_E": 3,
        "num_layers_D": 2,
        "norm": "batch",
    },
    "bicyclegan labels": {
        "num_levels": 6,
        "z_dim": 3,
        "adds_to_all": False,
        "num_layers_E": 1,
        "width": 2,
        "width_D": 4,
        "width_E": 3,
    },
    "stargan": {"attributes": ("a", "b", "c"), "num_blocks": 1, "num_layers_D": 3, "width": 2, "width_D": 3},
    "stargan classes": {"attributes": (), "classes": ("a", "b"), "num_blocks": 1, "num_layers_D": 3, "width": 2},
}

# ---- Every option of a Config, sorted; "weights." and "optim." stand for all that begin so

CHANNELS = {"in_channels", "out_channels"}
TOLD = {  # by arrays, of all or of some models
    "tsit": {"form", "width", "width_D", "num_layers_D", "num_scales_D", "use_vae", "z_dim", "norm_G"},
    "spade": {"norm_G", "width", "width_D", "num_layers_D", "num_scales_D", "use_vae", "z_dim", "upsampling"},
    "pix2pix": CHANNELS
    | {"generator", "num_blocks", "num_levels", "width", "width_D", "num_layers_D", "norm", "dropout"},
    "cyclegan": CHANNELS | {"num_blocks", "width", "width_D", "num_layers_D", "norm", "dropout"},
    "simgan": {"kind", "channels", "width"},
    "unit": CHANNELS | {"form", "discriminator", "num_blocks", "num_layers_D", "width", "width_D"},
    "bicyclegan": {
        "in_channels",
        "out_channels",
        "num_levels",
        "z_dim",
        "adds_to_all",
        "upsampling",
        "encoder",
        "num_layers_E",
        "width",
        "width_D",
        "width_E",
        "num_layers_D",
        "norm",
    },
    "stargan": {"num_blocks", "num_layers_D", "width", "width_D", "image_width", "image_height"},
}
UNTOLD = {  # beside the image's size: no array tells them, of all or of some models
    "tsit": {"alpha", "downsampling"},
    "spade": {"upsampling"},
    "pix2pix": {"source", "dropout", "training_mode_at_test"},
    "cyclegan": {"training_mode_at_test"},
    "simgan": {"slope"},
    "unit": {"has_norms"},
    "bicyclegan": {"source", "norm", "in_channels", "z_dim"},
    "stargan": {"attributes", "classes"},
}
ALL_TRAINING = {"weights.", "optim."}
TRAINING_ONLY = {
    "tsit": {
        "gan_loss",
        "diff_augment",
        "perceptual",
        "perceptual_weights",
        "perceptual_halvings",
        "segmenter",
        "segmenter_width",
        "segmenter_height",
        "nima",
    },
    "pix2pix": {"gan_loss"},
    "cyclegan": {"gan_loss", "pool_size"},
    "simgan": {"pretrain_G", "pretrain_D", "k_g", "k_d", "pool_size", "momentum"},
    "unit": {"gan_loss", "dropout", "perceptual_weights", "l2"},  # its official test runs in evaluation mode
    "bicyclegan": {"gan_loss", "dropout"},  # likewise
    "stargan": {"gan_loss", "n_critic"},
}
TRAINING_ONLY["spade"] = TRAINING_ONLY["tsit"]
NOT_OFFICIAL = {"tsit": {"attention_G", "attention_D", "code_in_norms", "pixel_noise"}}
NOT_OFFICIAL["spade"] = NOT_OFFICIAL["tsit"] | {"hidden_channels"}

# ---- Every option of DataConfig, sorted

LABEL_MAPS = {"num_classes", "unknown_id", "instance_edges", "output_width", "output_height"}
PAIRS = {"direction", "side_by_side"}
UNTOLD_DATA = {  # which of those that matter at test a system's inputs have
    "tsit": LABEL_MAPS,
    "spade": LABEL_MAPS,
    "pix2pix": LABEL_MAPS | PAIRS,
    "cyclegan": set(),
    "simgan": set(),
    "unit": set(),
    "bicyclegan": LABEL_MAPS | PAIRS,
    "stargan": {"crop"},
}
TRAINING_DATA = {  # or where the inputs lie
    "root",
    "split",
    "load_width",
    "load_height",
    "load_side",
    "domains",
    "flip",
    "color_jitter",
    "warp",
    "balance_pairs",
    "folds",
    "fold",
    "second_crop",
    "num_test",
    "class_names",
    "second_root",
    "workers",
    "cache",
    "max_skipped",
}


def config_of(name):
    return SYSTEMS[name.partition(" ")[0]].Config(**VARIANTS[name])


def arrays_of(name, *left_out):
    """Arrays of zeros under official names, by network."""
    system, config = name.partition(" ")[0], config_of(name)
    channels = 0 if system == "simgan" else NUM_CLASSES
    made = system_class(system, config)(config, channels, HEIGHT, WIDTH, seed=0)
    made.prepare_training(())
    networks = {}
    for part in LAYOUTS[system].parts:
        if part.ours in made.networks and part.official not in left_out:
            state = made.networks[part.ours].state_dict()
            names = official_names(state, part.rules(config))
            networks[part.official] = {names[key]: np.zeros(var.shape, np.float32) for key, var in state.items()}
    return networks


def variants_of(system):
    return [name for name in VARIANTS if name.partition(" ")[0] == system]


@pytest.mark.parametrize("system", LAYOUTS)
def test_every_option_of_a_system_is_sorted(system):
    kind = SYSTEMS[system].Config
    fields = {name for name in fields_of(kind()) if not name.startswith(tuple(ALL_TRAINING))}
    told = {name for name in TOLD[system] if name not in SIZE}
    known = told | UNTOLD[system] | TRAINING_ONLY[system] | NOT_OFFICIAL.get(system, set())
    assert fields - known == set(), "new: told by arrays, untold (official_untold) or of training only?"
    assert known - fields == set(), "there is no such option any more"
    assert not TRAINING_ONLY[system] & (TOLD[system] | UNTOLD[system])


def test_every_option_of_the_data_is_sorted():
    fields, at_test = set(fields_of(DataConfig())), set(SIZE).union(*UNTOLD_DATA.values())
    assert fields - at_test - TRAINING_DATA == set(), "new: does it change what `test` shows a model?"
    assert at_test | TRAINING_DATA <= fields and not at_test & TRAINING_DATA


@pytest.mark.parametrize("system", LAYOUTS)
def test_what_is_sorted_as_untold_is_what_the_layout_says(system):
    said = set().union(*(LAYOUTS[system].unrecorded(config_of(name)) for name in variants_of(system)))
    assert said == UNTOLD[system] | UNTOLD_DATA[system]


@pytest.mark.parametrize("system", LAYOUTS)
def test_what_is_sorted_as_told_is_told_rightly(system):
    found = set()
    for name in variants_of(system):
        options = LAYOUTS[system].options_of(arrays_of(name)).options
        size = {"image_width": WIDTH, "image_height": HEIGHT}
        assert options == {field: size.get(field, getattr(config_of(name), field, None)) for field in options}, name
        found |= set(options)
    assert found == TOLD[system]


LISTED = {  # beside "image_width=256, image_height=128", the options as the line of `convert` has them
    "tsit": "num_classes=29, unknown_id=-1, instance_edges=false, output_width=256, output_height=128, "
    "downsampling=nearest",
    "tsit ast": "alpha=1.0, downsampling=nearest",
    "spade": "upsampling=normal, num_classes=29, unknown_id=-1, instance_edges=false, output_width=256, "
    "output_height=128",
    "spade most": "num_classes=29, unknown_id=-1, instance_edges=false, output_width=256, output_height=128",
    "pix2pix": "source=images, direction=AtoB, side_by_side=auto, dropout=true, training_mode_at_test=true",
    "pix2pix labels": "source=labels, num_classes=29, unknown_id=-1, instance_edges=false, output_width=256, "
    "output_height=128, training_mode_at_test=true",
    "cyclegan": "training_mode_at_test=true",
    "pix2pix grey": "source=images, direction=AtoB, side_by_side=auto, dropout=true, training_mode_at_test=true",
    "pix2pix to grey": "source=images, direction=AtoB, side_by_side=auto, training_mode_at_test=true",
    "cyclegan to grey": "training_mode_at_test=true",
    "simgan": "slope=0.01",
    "unit": "has_norms=false",
    "unit rewrite": "",
    "unit grey": "has_norms=false",
    "unit rewrite to grey": "",
    "bicyclegan": "source=images, direction=AtoB, side_by_side=auto",
    "bicyclegan labels": "source=labels, num_classes=29, unknown_id=-1, instance_edges=false, output_width=256, "
    "output_height=128, norm=instance",
    "stargan": "attributes=a,b,c, classes=, crop=178",
    "stargan classes": "attributes=, classes=a,b, crop=256",
}
GIVEN = {  # to `convert`, of what no array tells
    "pix2pix labels": ("source=labels",),
    "bicyclegan labels": ("source=labels",),
    "stargan": ("attributes=a,b,c",),
    "stargan classes": ("attributes=", "classes=a,b"),
}
LINE = "no array tells these, which field=value can set: "


@pytest.mark.parametrize("name", VARIANTS)
def test_convert_lists_every_option_that_no_array_tells(tmp_path, capsys, name):
    size = f"image_width={WIDTH}", f"image_height={HEIGHT}"
    system = name.partition(" ")[0]
    size_is_told = system == "stargan"  # by D
    checkpoint = convert(tmp_path, system, arrays_of(name), *GIVEN.get(name, ()), *(() if size_is_told else size))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(LINE)]
    expected = ([] if size_is_told else [", ".join(size)]) + ([LISTED[name]] if LISTED[name] else [])
    assert line == LINE + ", ".join(expected)
    made = load_checkpoint(checkpoint).experiment
    wanted = dataclasses.asdict(config_of(name))
    told = set(VARIANTS[name]) - {"attributes", "classes", "source"}
    assert {field: made["config"][field] for field in told} == {field: wanted[field] for field in told}
    assert (made["data"]["image_width"], made["data"]["image_height"]) == (WIDTH, HEIGHT)
