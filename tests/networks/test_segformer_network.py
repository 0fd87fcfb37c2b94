"""SegFormer: against transformers' numbers, and its weight files in their publishers' layouts.

Tolerances are those of README-judges.md unless a line says otherwise.
"""

import re

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.reference_vectors import Given, Vectors, assert_close, draw_weight, reference_files
from jittor_tsit.conversion.segformer_names import (
    NVLABS,
    TRANSFORMERS_4,
    TRANSFORMERS_5,
    our_arrays,
    read_published,
)
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.networks.mix_transformer import SIZES, Sizes
from jittor_tsit.networks.segformer import SegFormer, load_encoder, load_segformer, put_arrays, shapes_of, upsample
from jittor_tsit.optim import count_parameters

TINY = Sizes((8, 16, 24, 32), (2, 2, 2, 2), 32, heads=(1, 2, 3, 4))  # the small vectors', so that kernels are shared


FILES = reference_files(model_config=Given())
ORDER = ["0", "C", "2C"]  # of rows in an array that holds several
IGNORED = 255  # label of the pixels that the loss passes over


# ---- Against transformers


def sizes_of(vectors):
    config = vectors.config["model_config"]
    names = "hidden_sizes", "depths", "decoder_hidden_size", "num_attention_heads", "sr_ratios"
    return Sizes(*(tuple(v) if isinstance(v, list) else v for v in (config[name] for name in names)))


def published(vectors):
    """The file's weights under transformers 4's names."""
    config = vectors.config
    arrays = {key: draw_weight(key, config["shapes"][key], config["salt"]) for key in config["keys"]}
    for name, array in vectors.group("param/").items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    return arrays


@pytest.fixture(scope="module", params=FILES)
def vectors(request):
    return Vectors(request.param)


@pytest.fixture(scope="module")
def weight_file(vectors, tmp_path_factory):
    path = tmp_path_factory.mktemp("segformer") / "transformers4.npz"
    np.savez(path, **published(vectors))
    return path


def build(vectors, path, block_eps=TRANSFORMERS_4.block_eps):
    net = SegFormer(vectors.config["model_config"]["num_labels"], sizes_of(vectors), block_eps=block_eps)
    put_arrays(net, our_arrays(read_published(path), shapes_of(net)))
    set_training(net, False)
    return net


def cross_entropy(logits, label):
    """Mean over the labelled pixels; rows first, for a float32 sum over all pixels loses digits."""
    top = logits.max([1], keepdims=True)
    log_shares = logits - top - jt.log(jt.exp(logits - top).sum([1], keepdims=True))
    one_hot = (label.unsqueeze(1) == jt.arange(logits.shape[1]).reshape(1, -1, 1, 1)).float32()
    return -(log_shares * one_hot).sum([1]).sum([2]).sum() / (label != IGNORED).float32().sum([2]).sum()


@pytest.fixture(scope="module")
def results(vectors, weight_file):
    """Outputs and gradients by the file's names, of one pass, so that one set of kernels does for all.

    The batch is doubled, which changes no mean: a batch of one image would need kernels of its own.
    """
    net, image = build(vectors, weight_file), jt.array(np.concatenate([vectors["input/pixel_values"]] * 2))
    label = np.concatenate([vectors["input/labels"]] * 2).astype(np.int32)
    feats = net.encoder(image)
    logits = net.head(feats)
    enlarged = upsample(logits, *label.shape[1:])
    loss = cross_entropy(enlarged, jt.array(label))
    file = read_published(weight_file)
    variables = {"input": image, **{file.source(ours).name: var for ours, var in net.state_dict().items()}}
    names = ["input", *vectors.config["grad_norms_order"]]
    gradients = jt.grad(loss, [variables[name] for name in names])
    half = len(label) // 2
    outputs = {**{f"stage{k}": feat.numpy()[:half] for k, feat in enumerate(feats)}, "logits": logits.numpy()[:half]}
    outputs.update({"loss": loss.item(), "argmax_full": enlarged.numpy()[:half].argmax(1)})
    outputs.update({f"grad/{name}": gradient.numpy() for name, gradient in zip(names, gradients)})
    outputs["grad/input"] = outputs["grad/input"][:half] + outputs["grad/input"][half:]
    return outputs


@pytest.mark.reference
def test_stages_logits_loss_and_classes_are_the_published_ones(vectors, results):
    for name in (*(f"stage{k}" for k in range(4)), "logits"):
        np.testing.assert_allclose(results[name], vectors[f"output/{name}"], rtol=0, atol=1e-4, err_msg=name)
    assert abs(results["loss"] - float(vectors["output/loss"])) < 1e-5
    assert (results["argmax_full"] == vectors["output/argmax_full"]).mean() >= 0.999


@pytest.mark.reference
def test_gradients_are_the_published_ones(vectors, results):
    for name, reference in vectors.group("output/grad/").items():
        ours = vectors.thin(f"output/grad/{name}", results[f"grad/{name}"])
        assert_close(ours.reshape(reference.shape), reference, 1e-4, f"gradient {name}")
    norms = [np.linalg.norm(results[f"grad/{name}"].astype(np.float64)) for name in vectors.config["grad_norms_order"]]
    # 1e-6 of the largest besides: those of the keys' biases are rounding noise, softmax being blind to them
    reference = vectors["output/grad_norms"]
    np.testing.assert_allclose(norms, reference, rtol=1e-4, atol=1e-6 * reference.max())


@pytest.mark.reference
@pytest.mark.parametrize("path", reference_files(model_config=Given(), params_stored=True))
def test_the_authors_eps_gives_their_logits(path, tmp_path):
    vectors = Vectors(path)
    np.savez(tmp_path / "weights.npz", **published(vectors))
    net = build(vectors, tmp_path / "weights.npz", block_eps=NVLABS.block_eps)
    with jt.no_grad():
        logits = net(jt.array(vectors["input/pixel_values"])).numpy()
    # half of what the two eps differ by; 1.25e-5 was measured
    np.testing.assert_allclose(logits, vectors["output/logits_blocknorm_eps1e-6"], rtol=0, atol=1.8e-5)


def renamed(arrays, names):
    """Arrays under other names; "name[C:2C]": the rows of an array from C on, C being as many as it has itself."""
    stacks = {}
    for name, target in names.items():
        if "no equivalent" not in target:
            target, rows = re.match(r"([^[ ]+)(?:\[(\w+):)?", target).groups()
            stacks.setdefault(target, {})[rows or "0"] = arrays[name]
    return {
        name: np.concatenate([parts[rows] for rows in sorted(parts, key=ORDER.index)]) for name, parts in stacks.items()
    }


@pytest.mark.reference
@pytest.mark.parametrize("layout, key", [(TRANSFORMERS_5, "keys_transformers5"), (NVLABS, "keys_nvlabs")])
def test_every_layout_gives_the_same_arrays(vectors, weight_file, tmp_path, layout, key):
    arrays = renamed(published(vectors), vectors.config[key])
    arrays["decode_head.batch_norm.num_batches_tracked"] = np.int64(7)
    np.savez(tmp_path / "weights.npz", **arrays)
    file, net = read_published(tmp_path / "weights.npz"), build(vectors, weight_file)
    assert file.layout is layout
    for name, array in our_arrays(file, shapes_of(net)).items():
        np.testing.assert_array_equal(array, net.state_dict()[name].numpy(), err_msg=name)


@pytest.mark.reference
def test_mmsegmentations_encoder_is_taken_and_its_head_refused(vectors, weight_file, tmp_path):
    arrays = renamed(published(vectors), vectors.config["keys_mmseg"])
    for name in [name for name in arrays if ".ffn.layers.0.w" in name or ".ffn.layers.4.w" in name]:
        arrays[name] = arrays[name][:, :, None, None]
    arrays["decode_head.convs.0.conv.weight"] = np.zeros((4, 4, 1, 1), np.float32)
    np.savez(tmp_path / "weights.npz", **arrays)
    reference = build(vectors, weight_file)
    net = SegFormer(3, sizes_of(vectors))
    head = net.head.classifier.weight.numpy().copy()
    load_encoder(net, tmp_path / "weights.npz")
    for name, var in net.encoder.state_dict().items():
        np.testing.assert_array_equal(var.numpy(), reference.encoder.state_dict()[name].numpy(), err_msg=name)
    np.testing.assert_array_equal(net.head.classifier.weight.numpy(), head)
    with pytest.raises(InputError, match="mmsegmentation's decode head cannot be used.*use its encoder only"):
        our_arrays(read_published(tmp_path / "weights.npz"), shapes_of(net))


# ---- The published sizes


def test_the_sizes_have_the_published_numbers_of_parameters():
    """Table 1 of the paper, in millions, for 150 classes."""
    counts = {size: round(count_parameters(SegFormer(150, size)) / 1e6, 1) for size in SIZES}
    assert counts == {"b0": 3.8, "b1": 13.7, "b2": 27.5, "b3": 47.3, "b4": 64.1, "b5": 84.7}


def arrays_like(net, layout, prefix):
    """Different values for each array of a network, under a publisher's names."""
    stacks = {}
    for k, (ours, shape) in enumerate(shapes_of(net).items()):
        source = layout.source(ours, prefix)
        stacks.setdefault(source.name, [None] * source.num_parts)[source.part] = np.full(shape, k, np.float32)
    return {name: np.concatenate(parts) for name, parts in stacks.items()}


@pytest.mark.parametrize(
    "layout, prefix", [(TRANSFORMERS_4, "segformer."), (TRANSFORMERS_5, "segformer."), (NVLABS, "backbone.")]
)
def test_a_files_layout_size_and_classes_are_found(tmp_path, layout, prefix):
    arrays = arrays_like(SegFormer(5, "b0"), layout, prefix)
    arrays.update({f"{name}weight": np.zeros(3, np.float32) for name in layout.ignored})
    np.savez_compressed(tmp_path / "weights.npz", **arrays)
    net = load_segformer(tmp_path / "weights.npz")
    assert shapes_of(net) == shapes_of(SegFormer(5, "b0")) and not net.is_training()
    assert net.encoder.stages[0].norm.eps == layout.block_eps
    values = [var.numpy() for var in net.state_dict().values()]
    assert [value.min() for value in values] == [value.max() for value in values] == list(range(len(values)))


def test_the_encoder_of_an_imagenet_classifier_is_taken(tmp_path):
    net = SegFormer(3, TINY)
    arrays = arrays_like(net, NVLABS, "")
    arrays = {name: array for name, array in arrays.items() if not name.startswith("decode_head.")}
    np.savez(tmp_path / "mit.npz", **{**arrays, "head.weight": np.zeros((1000, 32)), "head.bias": np.zeros(1000)})
    load_encoder(net, tmp_path / "mit.npz")
    np.testing.assert_array_equal(net.encoder.stages[3].norm.bias.numpy(), arrays["norm4.bias"])


# ---- What is said of files at fault


def refused(tmp_path, arrays, net=None):
    np.savez_compressed(tmp_path / "weights.npz", **arrays)
    with pytest.raises(InputError) as caught:
        if net:
            our_arrays(read_published(tmp_path / "weights.npz"), shapes_of(net))
        else:
            load_segformer(tmp_path / "weights.npz")
    assert str(caught.value).startswith(f"{tmp_path / 'weights.npz'}: ")
    return str(caught.value)


def test_every_array_at_fault_is_named(tmp_path):
    net = SegFormer(3, TINY)
    arrays = arrays_like(net, NVLABS, "backbone.")
    del arrays["backbone.norm2.weight"], arrays["decode_head.linear_pred.weight"]
    arrays["backbone.block1.0.attn.kv.weight"] = np.zeros((8, 8))
    arrays["backbone.block9.0.x"] = np.zeros(1)
    message = refused(tmp_path, arrays, net)
    for part in (
        "no SegFormer of these sizes (NVlabs/SegFormer): missing backbone.norm2.weight",
        "missing decode_head.linear_pred.weight",
        "unexpected backbone.block9.0.x",
        "backbone.block1.0.attn.kv.weight has shape (8, 8), not (16, 8)",
    ):
        assert part in message


def test_other_files_are_refused(tmp_path):
    assert "no SegFormer in a known layout" in refused(tmp_path, {"features.0.weight": np.zeros(3)})
    arrays = arrays_like(SegFormer(3, TINY), TRANSFORMERS_4, "segformer.")
    assert "widths (8, 16, 24, 32) and blocks (2, 2, 2, 2); the sizes are b0" in refused(tmp_path, arrays)
    encoder = {name: array for name, array in arrays.items() if not name.startswith("decode_head")}
    assert "no array decode_head.classifier.bias: holds no decode head" in refused(tmp_path, encoder)
