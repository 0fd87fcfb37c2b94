"""The files that are mutated, each with the tests that judge its mutants.

A file's tests are those that name the file or use it most directly, quick ones first. Each entry is the arguments of a
run of pytest. The whole suite would find more mutants, but takes half an hour for each.
"""

from __future__ import annotations

from typing import Dict, Tuple

_SETS = (
    "tests/data/test_cuts_and_flips.py tests/data/test_samples.py tests/data/test_label_maps.py "
    "tests/data/test_aligned.py"
)
_CACHES = "tests/data/test_cached_pairs.py -k 'not reading_processes and not run_may_change'"
_HOSTILE = (
    "tests/conversion/test_pickle_white_list.py tests/conversion/test_weight_files.py "
    "tests/conversion/test_torch_writer.py"
)
_HOSTILE_TOO = "tests/conversion/test_hostile_weight_files.py tests/conversion/test_hostile_containers.py"
_CONVERT = (
    "tests/commands/test_convert.py tests/commands/test_convert_faults.py tests/commands/test_convert_variants.py"
)
_CONVERT_PORT = "tests/commands/test_convert_port.py"
_CHECKPOINTS = "tests/runs/test_checkpoint.py tests/runs/test_pruning.py"
_NUMBERS = "tests/metrics/test_contest.py tests/metrics/test_frechet.py tests/metrics/test_kid.py"
_CONVERT_MORE = (
    "tests/commands/test_convert_options.py tests/commands/test_bicyclegan_alone.py "
    "tests/commands/test_cyclegan_at_test.py"
)
_PLAIN = "tests/training/test_pix2pix_training_reference.py"
_DOMAINS = "tests/training/test_domain_training_reference.py"
_LABELS = "tests/training/test_training_reference.py -k 'not float64'"
_EVERY = "tests/systems/test_averaged_weights.py tests/systems/test_every_option.py"
_OPTIONS = "tests/systems/test_published_defaults.py"
_CONTRACT = "tests/systems/test_contract.py"
_STEPS = (
    "tests/systems/test_pair_steps.py tests/systems/test_domain_steps.py tests/systems/test_labelled_steps.py "
    "tests/systems/test_synthesis_steps.py tests/systems/test_unit_steps.py"
)


def _of_system(names: str, *others: str) -> Tuple[str, ...]:
    """The tests of a system: of its options, `others`, and the tests that run for every system."""
    return (_OPTIONS, *others, f"{_EVERY} {_CONTRACT} -k '{names}'")


TESTS: Dict[str, Tuple[str, ...]] = {
    # losses and optimizers
    "jittor_tsit/losses.py": (
        "tests/test_loss_values.py tests/test_losses.py tests/systems/test_judged_losses.py",
        "tests/test_loss_reference.py",
        _STEPS,
        _PLAIN,
        _LABELS,
        _DOMAINS,
    ),
    "jittor_tsit/optim.py": (
        "tests/test_optim.py tests/experiments/test_torch_twin.py tests/training/test_precision.py "
        "tests/kernels/test_weights_and_updates.py",
        "tests/systems/test_optimizer_use.py tests/systems/test_domain_steps.py",
        f"{_CONTRACT} -k segformer",
    ),
    # metrics
    "jittor_tsit/metrics/contest.py": (_NUMBERS, "tests/metrics/test_best_of_many.py"),
    "jittor_tsit/metrics/segmentation.py": (_NUMBERS,),
    "jittor_tsit/metrics/style.py": (_NUMBERS,),
    "jittor_tsit/metrics/frechet.py": (_NUMBERS, "tests/metrics/test_best_of_many.py"),
    "jittor_tsit/metrics/kid.py": (_NUMBERS,),
    "jittor_tsit/metrics/terms.py": ("tests/evaluation/test_scores.py",),
    "jittor_tsit/metrics/best_of_many.py": ("tests/metrics/test_best_of_many.py",),
    "jittor_tsit/metrics/features.py": ("tests/metrics/test_features.py",),
    "jittor_tsit/metrics/lpips.py": ("tests/metrics/test_lpips.py",),
    # systems
    "jittor_tsit/systems/base.py": (
        _OPTIONS,
        "tests/systems/test_optimizer_use.py",
        f"{_CONTRACT} -k pix2pix",
        "tests/training/test_precision.py",
        "tests/commands/test_bicyclegan_alone.py",
    ),
    "jittor_tsit/systems/input_and_target.py": _of_system(
        "pix2pix or bicyclegan", "tests/inference/test_side_by_side.py", _STEPS
    ),
    "jittor_tsit/systems/pix2pix.py": _of_system("pix2pix", "tests/systems/test_pair_steps.py", _PLAIN),
    "jittor_tsit/systems/bicyclegan.py": _of_system("bicyclegan", "tests/systems/test_pair_steps.py", _PLAIN),
    "jittor_tsit/systems/cyclegan.py": _of_system(
        "cyclegan",
        "tests/systems/test_domain_steps.py tests/systems/test_cyclegan.py",
        _PLAIN,
        "tests/commands/test_cyclegan_at_test.py",
    ),
    "jittor_tsit/systems/one_by_one.py": _of_system("cyclegan", "tests/commands/test_cyclegan_at_test.py"),
    "jittor_tsit/config/systems/checks.py": _of_system("cyclegan", "tests/config/test_options.py"),
    "jittor_tsit/systems/synthesis.py": _of_system(
        "spade or tsit", "tests/systems/test_synthesis_steps.py tests/systems/test_tsit.py", _LABELS
    ),
    "jittor_tsit/systems/tsit.py": _of_system(
        "tsit", "tests/systems/test_synthesis_steps.py tests/systems/test_tsit.py", _LABELS
    ),
    "jittor_tsit/systems/spade.py": _of_system("spade", "tests/systems/test_synthesis_steps.py", _LABELS),
    "jittor_tsit/systems/oasis.py": _of_system(
        "oasis", "tests/systems/test_oasis_steps.py tests/systems/test_oasis.py"
    ),
    "jittor_tsit/systems/segformer.py": _of_system(
        "segformer", "tests/systems/test_labelled_steps.py tests/systems/test_segformer.py"
    ),
    "jittor_tsit/systems/simgan.py": _of_system(
        "simgan", "tests/systems/test_domain_steps.py tests/systems/test_simgan.py", _DOMAINS
    ),
    "jittor_tsit/systems/stargan.py": _of_system(
        "stargan", "tests/systems/test_labelled_steps.py tests/systems/test_stargan.py", _DOMAINS
    ),
    "jittor_tsit/systems/unit.py": _of_system(
        "unit", "tests/systems/test_unit_steps.py tests/systems/test_unit.py", _DOMAINS
    ),
    "jittor_tsit/systems/unit_digits.py": _of_system(
        "unit_digits", "tests/systems/test_unit_steps.py tests/systems/test_unit_digits.py tests/systems/test_unit.py"
    ),
    # data
    "jittor_tsit/data/batches.py": (
        "tests/data/test_batches.py tests/inference/test_pixels.py",
        "tests/layers/test_image_layouts.py",
        _DOMAINS,
    ),
    "jittor_tsit/data/augmentation.py": ("tests/data/test_augmentation.py", _CACHES),
    "jittor_tsit/data/samples.py": (f"{_SETS} tests/data/test_augmentation.py tests/data/test_labels.py", _CACHES),
    "jittor_tsit/data/folders.py": (
        f"{_SETS} tests/data/test_labels.py",
        "tests/evaluation/test_history.py -k 'not generator'",
    ),
    "jittor_tsit/data/label_maps.py": (_SETS, _CACHES),
    "jittor_tsit/data/labels.py": ("tests/data/test_labels.py",),
    "jittor_tsit/data/read_ahead.py": ("tests/data/test_samples.py tests/data/test_unreadable.py", _CACHES),
    "jittor_tsit/data/cached_pairs.py": ("tests/data/test_cache_file.py", _CACHES),
    "jittor_tsit/data/cache_file.py": ("tests/data/test_cache_file.py", _CACHES),
    # selection
    "data_tools/curation/selection.py": ("tests/data_tools/curation/test_selection.py",),
    "data_tools/curation/rules.py": (
        "tests/data_tools/curation/test_selection.py tests/data_tools/curation/test_default_rules.py",
    ),
    "data_tools/curation/default_rules.py": (
        "tests/data_tools/curation/test_default_rules.py tests/data_tools/curation/test_folder.py",
    ),
    "data_tools/curation/equivalence.py": (
        "tests/data_tools/curation/test_equivalence.py tests/data_tools/curation/test_ties.py",
    ),
    "data_tools/curation/manual.py": ("tests/data_tools/curation/test_manual.py",),
    "data_tools/basics/table.py": ("tests/data_tools/basics/test_table.py",),
    # conversion
    "jittor_tsit/conversion/renaming.py": ("tests/conversion/test_official_networks.py", _CONVERT_PORT, _CONVERT),
    "jittor_tsit/conversion/official_files.py": (_CONVERT, _CONVERT_PORT),
    "jittor_tsit/conversion/official_names.py": ("tests/conversion/test_official_networks.py", _CONVERT, _CONVERT_PORT),
    "jittor_tsit/conversion/official_networks.py": (
        "tests/conversion/test_official_networks.py",
        _CONVERT,
        _CONVERT_PORT,
        _CONVERT_MORE,
    ),
    "jittor_tsit/conversion/official_sizes.py": ("tests/conversion/test_official_networks.py", _CONVERT, _CONVERT_MORE),
    "jittor_tsit/conversion/unrecorded_options.py": (_CONVERT, _CONVERT_MORE),
    "jittor_tsit/commands/convert.py": (_CONVERT, _CONVERT_MORE),
    "jittor_tsit/commands/export.py": (_CONVERT, _CONVERT_MORE),
    "jittor_tsit/conversion/pickle_machine.py": (_HOSTILE, _HOSTILE_TOO),
    "jittor_tsit/conversion/pickle_globals.py": (_HOSTILE, _HOSTILE_TOO),
    "jittor_tsit/conversion/weight_files.py": (_HOSTILE, _HOSTILE_TOO, "tests/networks/test_nima.py"),
    "jittor_tsit/conversion/torch_writer.py": ("tests/conversion/test_torch_writer.py",),
    # checkpoints
    "jittor_tsit/runs/checkpoint.py": (_CHECKPOINTS,),
    "jittor_tsit/runs/pruning.py": (_CHECKPOINTS,),
    "jittor_tsit/runs/records.py": ("tests/runs/test_records.py",),
    "jittor_tsit/runs/initial.py": ("tests/runs/test_initial.py",),
    "jittor_tsit/runs/same_run.py": ("tests/runs/test_same_run.py tests/config/test_phases.py",),
}
