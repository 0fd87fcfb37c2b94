"""The compact set of reference vectors: complete, small, and equal to the larger set that it was taken from."""

import json
import sys

import numpy as np
import pytest

from helpers.reference_vectors import OWN, SHARED, Vectors, config_of

sys.path.insert(0, str(OWN))  # for the script that wrote the files
import make_compact

FILES = sorted(OWN.glob("*.npz"))
SYSTEMS = {"TSIT", "SPADE", "pix2pix", "CycleGAN", "BicycleGAN", "StarGAN", "SimGAN (unofficial implementation)"}
SYSTEMS |= {"UNIT (version_02, weight sharing)", "UNIT (master, no weight sharing)"}
MOST_BYTES = 25_000_000


def test_it_holds_the_chosen_files_and_is_small():
    assert {path.stem for path in FILES} == set(make_compact.CHOSEN)
    assert sum(path.stat().st_size for path in OWN.iterdir() if path.is_file()) <= MOST_BYTES


def test_every_system_has_networks_and_training_steps():
    kinds = {system: set() for system in SYSTEMS}
    for path in FILES:
        config = config_of(path)
        if config.get("system") in kinds:
            kinds[config["system"]].add(config["kind"])
    assert all("training_steps" in found and len(found) > 1 for found in kinds.values()), kinds


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no larger set in {SHARED}")
def test_every_kind_of_the_larger_set_is_there():
    def kinds(folder):
        configs = map(config_of, folder.glob("*.npz"))
        return {(config["system"], config["kind"]) for config in configs if "kind" in config}

    assert kinds(OWN) == kinds(SHARED)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no larger set in {SHARED}")
@pytest.mark.parametrize("name", make_compact.CHOSEN)
def test_its_arrays_are_those_of_the_larger_set(name):
    with np.load(SHARED / f"{name}.npz") as file:
        wanted = make_compact.thinned({key: file[key] for key in file.files}, make_compact.CHOSEN[name])
    with np.load(OWN / f"{name}.npz") as found:
        assert found.files == list(wanted)
        for key, array in wanted.items():
            np.testing.assert_array_equal(found[key], array, err_msg=key)


def test_thinning_is_written_into_the_config_and_read_from_it(tmp_path):
    whole = np.arange(2 * 3 * 32 * 16, dtype=np.float32).reshape(2, 3, 32, 16)
    config = {"kind": "generator", "output_stride": {"image": 2}}
    arrays = {"config": np.array(json.dumps(config)), "output/image": whole, "output/z": whole[:, :, 0, 0]}
    arrays.update({"grad/input/image": whole, "grad/conv": whole, "output/small": whole[..., :8, :8]})
    make_compact.write(tmp_path / "file.npz", make_compact.thinned(arrays, 2))
    vectors = Vectors(tmp_path / "file.npz")
    assert vectors.config["output_stride"]["image"] == 4
    # the file's image had every second row and column of ours
    np.testing.assert_array_equal(
        vectors.thin("output/image", whole.repeat(2, 2).repeat(2, 3)), vectors["output/image"]
    )
    for name in ("grad/input/image", "grad/conv", "output/z", "output/small"):
        np.testing.assert_array_equal(vectors.thin(name, arrays[name]), vectors[name], err_msg=name)
    assert vectors["grad/input/image"].shape == (2, 3, 16, 8) and vectors["grad/conv"].shape == whole.shape
