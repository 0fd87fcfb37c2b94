"""What is mutated, and by which tests a mutant of each file is judged.

A file's tests are those that name it or use it first, quick ones first; each entry is a run of pytest with its
arguments. The whole suite would find more and takes half an hour for each mutant.
"""

from __future__ import annotations

from typing import Dict, Tuple

_SETS = "tests/test_cuts_and_flips.py tests/test_samples.py tests/test_label_maps.py tests/test_aligned.py"
_CACHES = "tests/test_cached.py -k 'not reading_processes and not run_may_change'"
_HOSTILE = "tests/test_pickle_white_list.py tests/test_weight_files.py tests/test_torch_file.py"
_HOSTILE_TOO = "tests/test_hostile_weight_files.py tests/test_hostile_containers.py"
_CONVERT = "tests/test_convert_command.py tests/test_convert_faults.py tests/test_convert_variants.py"
_CONVERT_PORT = "tests/test_convert_port.py"
_CHECKPOINTS = "tests/test_checkpoint.py tests/test_pruning.py"
_NUMBERS = "tests/metrics/test_contest.py tests/metrics/test_frechet.py tests/metrics/test_kid.py"
_CONVERT_MORE = "tests/test_convert_options.py tests/test_bicyclegan_alone.py tests/test_cyclegan_at_test.py"
_PLAIN = "tests/test_plain_training_reference.py"
_DOMAINS = "tests/test_domain_training_reference.py"
_LABELS = "tests/test_training_reference.py -k 'not float64'"
_EVERY = "tests/systems/test_averaged_weights.py tests/systems/test_every_option.py"
_OPTIONS = "tests/test_published_defaults.py"
_CONTRACT = "tests/systems/test_contract.py"
_STEPS = (
    "tests/systems/test_pair_steps.py tests/systems/test_domain_steps.py tests/systems/test_labelled_steps.py "
    "tests/systems/test_synthesis_steps.py tests/systems/test_unit_steps.py"
)


def _of_system(names: str, *others: str) -> Tuple[str, ...]:
    """A system's tests: of its options, its own, the steps of the authors' trainer, those of all systems."""
    return (_OPTIONS, *others, f"{_EVERY} {_CONTRACT} -k '{names}'")


TESTS: Dict[str, Tuple[str, ...]] = {
    # losses and optimizers
    "jittor_tsit/losses.py": (
        "tests/test_loss_values.py tests/test_losses.py tests/test_judged_losses.py",
        "tests/test_loss_reference.py", _STEPS, _PLAIN, _LABELS, _DOMAINS,
    ),
    "jittor_tsit/optim.py": (
        "tests/test_optim.py tests/test_torch_twin.py tests/test_precision.py tests/test_kernels.py",
        "tests/systems/test_update.py tests/systems/test_domain_steps.py", f"{_CONTRACT} -k segformer",
    ),
    # metrics
    "jittor_tsit/metrics/contest.py": (_NUMBERS, "tests/metrics/test_candidate_selection.py"),
    "jittor_tsit/metrics/segmentation.py": (_NUMBERS,),
    "jittor_tsit/metrics/style.py": (_NUMBERS,),
    "jittor_tsit/metrics/frechet.py": (_NUMBERS, "tests/metrics/test_candidate_selection.py"),
    "jittor_tsit/metrics/kid.py": (_NUMBERS,),
    "jittor_tsit/metrics/terms.py": ("tests/test_score.py",),
    "jittor_tsit/metrics/selection.py": ("tests/metrics/test_candidate_selection.py",),
    "jittor_tsit/metrics/features.py": ("tests/metrics/test_features.py",),
    "jittor_tsit/metrics/lpips.py": ("tests/metrics/test_lpips.py",),
    # systems
    "jittor_tsit/systems/base.py": (
        _OPTIONS, "tests/systems/test_update.py", f"{_CONTRACT} -k pix2pix", "tests/test_precision.py",
        "tests/test_bicyclegan_alone.py",
    ),
    "jittor_tsit/systems/pairs.py": _of_system("pix2pix or bicyclegan", "tests/test_side_by_side.py", _STEPS),
    "jittor_tsit/systems/pix2pix.py": _of_system("pix2pix", "tests/systems/test_pair_steps.py", _PLAIN),
    "jittor_tsit/systems/bicyclegan.py": _of_system("bicyclegan", "tests/systems/test_pair_steps.py", _PLAIN),
    "jittor_tsit/systems/cyclegan.py": _of_system(
        "cyclegan", "tests/systems/test_domain_steps.py tests/systems/test_cyclegan.py", _PLAIN,
        "tests/test_cyclegan_at_test.py",
    ),
    "jittor_tsit/systems/one_by_one.py": _of_system("cyclegan", "tests/test_cyclegan_at_test.py"),
    "jittor_tsit/systems/requirements.py": _of_system("cyclegan", "tests/test_config.py"),
    "jittor_tsit/systems/synthesis.py": _of_system(
        "spade or tsit", "tests/systems/test_synthesis_steps.py tests/systems/test_tsit.py", _LABELS
    ),
    "jittor_tsit/systems/tsit.py": _of_system(
        "tsit", "tests/systems/test_synthesis_steps.py tests/systems/test_tsit.py", _LABELS
    ),
    "jittor_tsit/systems/spade.py": _of_system("spade", "tests/systems/test_synthesis_steps.py", _LABELS),
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
    "jittor_tsit/data.py": ("tests/test_batches.py tests/test_pixels.py", "tests/layers/test_image.py", _DOMAINS),
    "jittor_tsit/samples.py": (f"{_SETS} tests/test_jitter.py tests/test_labelled.py", _CACHES),
    "jittor_tsit/sets.py": (f"{_SETS} tests/test_labelled.py", "tests/test_evaluation.py -k 'not generator'"),
    "jittor_tsit/label_maps.py": (_SETS, _CACHES),
    "jittor_tsit/labelled.py": ("tests/test_labelled.py",),
    "jittor_tsit/reading.py": ("tests/test_samples.py tests/test_skipped.py", _CACHES),
    "jittor_tsit/cached.py": ("tests/test_pair_cache.py", _CACHES),
    "jittor_tsit/pair_cache.py": ("tests/test_pair_cache.py", _CACHES),
    # selection
    "data_tools/selection.py": ("tests/data_tools/test_selection.py",),
    "data_tools/rules.py": ("tests/data_tools/test_selection.py tests/data_tools/test_default_rules.py",),
    "data_tools/default_rules.py": ("tests/data_tools/test_default_rules.py tests/data_tools/test_curation.py",),
    "data_tools/equivalence.py": ("tests/data_tools/test_equivalence.py tests/data_tools/test_ties.py",),
    "data_tools/manual.py": ("tests/data_tools/test_manual.py",),
    "data_tools/table.py": ("tests/data_tools/test_table.py",),
    # conversion
    "jittor_tsit/convert.py": ("tests/test_official_layouts.py", _CONVERT_PORT, _CONVERT),
    "jittor_tsit/official_files.py": (_CONVERT, _CONVERT_PORT),
    "jittor_tsit/official_keys.py": ("tests/test_official_layouts.py", _CONVERT, _CONVERT_PORT),
    "jittor_tsit/official_layouts.py": ("tests/test_official_layouts.py", _CONVERT, _CONVERT_PORT, _CONVERT_MORE),
    "jittor_tsit/official_options.py": ("tests/test_official_layouts.py", _CONVERT, _CONVERT_MORE),
    "jittor_tsit/official_untold.py": (_CONVERT, _CONVERT_MORE),
    "jittor_tsit/convert_command.py": (_CONVERT, _CONVERT_MORE),
    "jittor_tsit/export_command.py": (_CONVERT, _CONVERT_MORE),
    "jittor_tsit/torch_pickle.py": (_HOSTILE, _HOSTILE_TOO),
    "jittor_tsit/pickled_arrays.py": (_HOSTILE, _HOSTILE_TOO),
    "jittor_tsit/weight_files.py": (_HOSTILE, _HOSTILE_TOO, "tests/networks/test_nima.py"),
    "jittor_tsit/torch_file.py": ("tests/test_torch_file.py",),
    # checkpoints
    "jittor_tsit/training/checkpoint.py": (_CHECKPOINTS,),
    "jittor_tsit/training/pruning.py": (_CHECKPOINTS,),
    "jittor_tsit/training/records.py": ("tests/test_records.py",),
    "jittor_tsit/training/initial.py": ("tests/test_initial.py",),
    "jittor_tsit/training/options.py": ("tests/test_run_options.py tests/test_plan.py",),
}  # fmt: skip
