"""FID's Inception-v3: against pytorch-fid's numbers, and its weight files."""

import jittor as jt
import numpy as np
import pytest
from safetensors.numpy import save_file

from data_tools.basics.errors import InputError
from helpers.reference_vectors import Vectors, assert_close, draw_weight, record_outputs, reference_files
from helpers.weight_file_bytes import push, tensor, torch_zip
from jittor_tsit.metrics.features import fid_input
from jittor_tsit.networks.inception import (
    BLOCK_CHANNELS,
    CLASSIFIER_SHAPES,
    InceptionFeatures,
    find_inception,
    load_inception,
)

RTOL = 1e-4  # of the vectors' README, for every output
FILES = reference_files(n_params=23_885_392)  # with the classifier and the running statistics


@pytest.fixture(scope="module", params=FILES)
def vectors(request):
    return Vectors(request.param)


@pytest.fixture(scope="module")
def network(vectors):
    config = vectors.config
    arrays = {key: draw_weight(key, config["shapes"][key], config["salt"]) for key in config["keys"]}
    sums = [array.sum(dtype=np.float64) for array in arrays.values()]
    np.testing.assert_allclose(sums, vectors["check/param_sum_f64"], rtol=1e-9)  # else the weights are others
    network = InceptionFeatures()
    network.put_official(arrays)
    return network


def inputs_of(vectors, batch):
    return np.stack([fid_input(photo) for photo in vectors[f"input/{batch}_u8_nhwc"]])


@pytest.mark.reference
@pytest.mark.parametrize("batch", "ab")
def test_the_four_blocks_are_the_official_ones(vectors, network, batch):
    with jt.no_grad():
        pooled = network(jt.array(inputs_of(vectors, batch)), blocks=range(4))
    for number, (feats, channels) in enumerate(zip(pooled, BLOCK_CHANNELS)):
        assert_close(feats, vectors[f"output/{batch}/block{number}_{channels}_pooled"], RTOL, f"block {number}")


@pytest.mark.reference
@pytest.mark.parametrize("batch", "ab")
def test_every_stage_and_convolution_is_the_official_one(vectors, network, batch):
    recorded = record_outputs(network)
    x, maps = jt.array(inputs_of(vectors, batch)), []
    with jt.no_grad():
        for stage in (stage for block in network.blocks for stage in block):
            x = stage(x)
            maps.append(x.numpy())
    assert_same_maps(vectors, batch, maps)
    units = {part.name: name for name, part in network.named_modules() if part in network.units()}
    outputs = (recorded[units[name]].numpy() for name in vectors.config["conv_names"])
    moments = np.array([[array.mean(dtype=np.float64), array.std(dtype=np.float64)] for array in outputs])
    np.testing.assert_allclose(moments, vectors[f"output/{batch}/conv_mean_std"], rtol=RTOL)


def assert_same_maps(vectors, batch, maps):
    """Shape, mean and deviation and channel means of each stage's output, and corners of the blocks'."""
    names = vectors.config["stage_names"]
    for name, array, shape, moments in zip(
        names, maps, vectors[f"output/{batch}/stage_shape"], vectors[f"output/{batch}/stage_mean_std"]
    ):
        assert array.shape == tuple(shape), name
        per_image = array.reshape(len(array), -1).astype(np.float64)
        np.testing.assert_allclose(np.stack([per_image.mean(1), per_image.std(1)], 1), moments, rtol=RTOL, err_msg=name)
        assert_close(array.mean((2, 3)), vectors[f"output/{batch}/stage_chanmean/{name}"], RTOL, name)
    for number, last in enumerate(("maxpool1", "maxpool2", "Mixed_6e")):
        corner = maps[names.index(last)][:, :32, :4, :4]
        assert_close(corner, vectors[f"output/{batch}/block{number}_{BLOCK_CHANNELS[number]}_corner"], RTOL, last)


@pytest.mark.reference
@pytest.mark.parametrize("batch", "ab")
def test_input_is_the_official_one(vectors, batch):
    x = inputs_of(vectors, batch)
    assert_close(x[:, :, :8, :8], vectors[f"output/{batch}/resized_m1p1_corner"], 1e-6, "corner")


@pytest.mark.reference
def test_a_batch_gives_what_its_images_give_alone(vectors, network):
    x = inputs_of(vectors, "a")
    with jt.no_grad():
        together = network(jt.array(x))[0].numpy()
        alone = np.concatenate([network(jt.array(x[i : i + 1]))[0].numpy() for i in range(len(x))])
    np.testing.assert_allclose(together, alone, rtol=0, atol=2e-6 * np.abs(alone).max())  # rounding, as of the vectors


def test_it_has_as_many_parameters_as_published():
    shapes = InceptionFeatures().official_shapes()
    counted = [shape for name, shape in shapes.items() if "running" not in name]
    assert sum(int(np.prod(shape)) for shape in counted) == 21_785_568  # torchvision's without both classifiers


@pytest.fixture(scope="module")
def published():
    """Arrays with the published file's names and shapes."""
    shapes = {**InceptionFeatures().official_shapes(), **CLASSIFIER_SHAPES}
    arrays = {name: np.full(shape, 0.5, np.float32) for name, shape in shapes.items()}
    return {**arrays, "Mixed_7a.branch3x3_1.bn.weight": np.arange(192, dtype=np.float32)}


def as_torch_zip(arrays):
    """What torch.save makes of a state dict, with the counters that batch norms have."""
    opcodes, members = b"", {}
    for number, (name, array) in enumerate(arrays.items()):
        strides = tuple(stride // array.itemsize for stride in array.strides)
        opcodes += push(name) + tensor(0, array.shape, strides, array.size, key=str(number)) + b"s"
        members[f"data/{number}"] = array.tobytes()
    opcodes += push("Conv2d_1a_3x3.bn.num_batches_tracked")
    opcodes += tensor(0, (), (), 1, storage="torch\nLongStorage", key="counter") + b"s"
    members["data/counter"] = np.int64(0).tobytes()
    return torch_zip(b"\x80\x02}" + opcodes + b".", **members)


def write(path, arrays):
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    elif path.suffix == ".safetensors":
        save_file(arrays, str(path))
    else:
        path.write_bytes(as_torch_zip(arrays))
    return path


@pytest.mark.parametrize("suffix", (".pth", ".npz", ".safetensors"))
def test_published_arrays_are_read_from_each_format(tmp_path, published, suffix):
    network = load_inception(write(tmp_path / f"weights{suffix}", published))
    unit = next(unit for unit in network.units() if unit.name == "Mixed_7a.branch3x3_1")
    scale = np.arange(192) / np.sqrt(0.5 + 1e-3)
    np.testing.assert_allclose(unit.weight.numpy()[:, 0, 0, 0], 0.5 * scale, rtol=1e-6)
    np.testing.assert_allclose(unit.bias.numpy(), 0.5 - 0.5 * scale, rtol=1e-6)


def test_the_classifier_may_be_missing(tmp_path, published):
    arrays = {name: array for name, array in published.items() if not name.startswith("fc.")}
    assert len(load_inception(write(tmp_path / "weights.npz", arrays)).units()) == 94


def test_every_array_at_fault_is_named(tmp_path, published):
    arrays = {**published, "AuxLogits.fc.weight": np.zeros(3, np.float32), "fc.bias": np.zeros(1000, np.float32)}
    del arrays["Mixed_5b.branch1x1.bn.running_var"], arrays["Conv2d_1a_3x3.conv.weight"]
    arrays["Mixed_6e.branch_pool.conv.weight"] = np.zeros((192, 768, 3, 3), np.float32)
    with pytest.raises(InputError) as error:
        load_inception(write(tmp_path / "weights.npz", arrays))
    message = str(error.value)
    assert message.startswith(f"{tmp_path}/weights.npz: not the weights of pytorch-fid's Inception-v3: ")
    assert "missing Mixed_5b.branch1x1.bn.running_var" in message
    assert "missing Conv2d_1a_3x3.conv.weight" in message
    assert "unexpected AuxLogits.fc.weight" in message
    assert "Mixed_6e.branch_pool.conv.weight has shape (192, 768, 3, 3), not (192, 768, 1, 1)" in message
    assert "fc.bias has shape (1000,), not (1008,)" in message
    assert "\n" not in message


def test_a_truncated_file_is_refused(tmp_path, published):
    path = write(tmp_path / "weights.pth", published)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="weights.pth: "):
        load_inception(path)


def test_without_a_file_it_says_where_to_get_one():
    with pytest.raises(InputError, match="fetch inception` .*from https://github.com/.*6726825d.pth"):
        find_inception("")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="none.pth: no such file"):
        find_inception(str(tmp_path / "none.pth"))
