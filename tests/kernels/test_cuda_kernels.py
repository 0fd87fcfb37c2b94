"""The CUDA kernels without a GPU: the CPU runs their source (cuda_on_cpu.h), and nvcc compiles it."""

import subprocess
from types import SimpleNamespace

import jittor as jt
import numpy as np
import pytest

from helpers.cuda_on_cpu import Recorder, emulate
from jittor_tsit.commands import doctor, doctor_kernels
from jittor_tsit.kernels import backend, call
from jittor_tsit.kernels.adam import adam_step
from jittor_tsit.kernels.norm import moments
from jittor_tsit.kernels.squares import sum_of_squares
from jittor_tsit.layers.image_layouts import nchw_layout
from jittor_tsit.layers.norm import BatchNorm, instance_norm
from jittor_tsit.layers.train_mode import set_training
from jittor_tsit.optim import reference_adam_step

CASES = doctor_kernels.cases()
CLOSE = 1e-5  # relative to the largest value; measured 2e-6: sums of 4500 values round differently in another order
ARCHS = (70, 80, 90)  # V100, A100, H100


@pytest.fixture(params=["ascending", "descending"])
def order(request, monkeypatch):
    """Run threads and blocks in this order: a kernel that is right in one order only lacks a barrier."""
    emulate(monkeypatch, descending=request.param == "descending")


@pytest.mark.parametrize("name", CASES)
def test_kernels_agree_with_jittors_operators(order, name):
    assert doctor_kernels.difference(CASES[name]) < CLOSE


# Three pixels; less than a block; one chunk, in one sample, whose means are also the batch's; a chunk and 32 values.
@pytest.mark.parametrize("samples, size", [(3, (1, 3)), (3, (3, 7)), (1, (2, 1024)), (3, (32, 65))])
@pytest.mark.parametrize("name", ["instance norm, active", "modulation by instance", "modulation by batch, active"])
def test_norms_of_other_sizes(order, name, samples, size):
    shapes = [(samples, doctor_kernels.IMAGE[1], *size)] * len(CASES[name].shapes)
    assert doctor_kernels.difference(CASES[name], shapes) < CLOSE


def test_instance_norm_of_a_single_pixel_is_0(order, rng):
    x = jt.array(rng.standard_normal((3, 5, 1, 1)).astype(np.float32))
    y = instance_norm(x)
    np.testing.assert_array_equal(y.numpy(), 0)
    np.testing.assert_array_equal(jt.grad((y * jt.array(rng.standard_normal(y.shape))).sum(), x).numpy(), 0)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 1), (2, 2), (7, 301), (8, 600)])
def test_averages_of_other_sizes(order, size):
    assert doctor_kernels.difference(CASES["average"], [(2, 3, *size)]) < CLOSE


@pytest.mark.parametrize("rows, columns", [(1, 40), (1, 3), (33, 29), (5, 257), (300, 9)])
@pytest.mark.parametrize("name", ["spectral norm", "spectral norm, iterating"])
def test_matrices_of_other_sizes(order, name, rows, columns):
    shapes = [(rows, columns, 3, 3), (rows,), (columns * 9,)]
    assert doctor_kernels.difference(CASES[name], shapes) < CLOSE


@pytest.mark.parametrize("size", [1, 255, 2048, 30001])
def test_vectors_of_other_sizes(order, rng, size):
    x = rng.standard_normal(size).astype(np.float32)
    np.testing.assert_allclose(sum_of_squares(jt.array(x)).numpy(), [(x.astype(np.float64) ** 2).sum()], rtol=1e-5)
    arrays = [jt.array(x), jt.array(x[::-1].copy()), jt.array(x), jt.array(x * x)]
    for ours, theirs in zip(*(form(*arrays, **doctor_kernels.ADAM) for form in (adam_step, reference_adam_step))):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
    x[-1] = np.nan
    assert not np.isfinite(sum_of_squares(jt.array(x)).numpy())


def test_variance_is_precise_where_the_mean_is_far_from_0(order, rng):
    x = (rng.standard_normal((1, 3, 50, 90)) * 0.01 + 100).astype(np.float32)
    _, mean, var = moments(jt.array(x), 3)
    np.testing.assert_allclose(mean.numpy()[..., 0, 0], x.astype(np.float64).mean((2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var.numpy()[..., 0, 0], x.astype(np.float64).var((2, 3)), rtol=1e-3)


@pytest.mark.parametrize("samples", [1, 3])
def test_batch_norm_in_evaluation_mode(order, rng, samples):
    norm = BatchNorm(5)
    set_training(norm, False)
    norm.running_mean.update(jt.array(rng.standard_normal(5).astype(np.float32)))
    x = jt.array(rng.standard_normal((samples, 5, 4, 6)).astype(np.float32))
    ours, gradient = norm(x), jt.grad(norm(x).sqr().sum(), x)
    with nchw_layout():
        theirs, their_gradient = norm(x), jt.grad(norm(x).sqr().sum(), x)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient.numpy(), their_gradient.numpy(), rtol=1e-5, atol=1e-5)


def test_each_moment_alone_has_a_gradient(order, rng):
    x = jt.array(rng.standard_normal((2, 3, 6, 10)).astype(np.float32))
    _, mean, var = moments(x, 3)
    np.testing.assert_allclose(jt.grad((3 * mean).sum(), x).numpy(), np.full(x.shape, 3 / 60), rtol=1e-5)
    centred = x.numpy() - x.numpy().mean((2, 3), keepdims=True)
    np.testing.assert_allclose(jt.grad(var.sum(), x).numpy(), 2 / 60 * centred, rtol=1e-3, atol=1e-6)


def test_a_gradient_of_a_gradient_is_refused_outside_the_nchw_layout(order, rng):
    x = jt.array(rng.standard_normal((2, 3, 6, 10)).astype(np.float32))

    def penalty():
        return jt.grad(instance_norm(x, 0.2).sqr().sum(), x).sqr().sum()

    with pytest.raises(RuntimeError, match="layout"):
        jt.grad(penalty(), x)
    with nchw_layout():
        assert np.isfinite(jt.grad(penalty(), x).numpy()).all()


def test_the_user_can_switch_the_kernels_off(monkeypatch):
    monkeypatch.setattr(backend, "jt", SimpleNamespace(flags=SimpleNamespace(use_cuda=1)))
    answers = []
    for is_allowed in (True, False):
        with backend.using(cuda_kernels=is_allowed):
            deciders = (backend.runs_fused, backend.runs_fused_norm)
            answers.append([decider(x) for x in (jt.ones(2), jt.ones(2).float16()) for decider in deciders])
    assert answers == [[True, True, False, False], [False] * 4]


def test_doctor_says_how_far_the_kernels_are_from_jittors_operators(monkeypatch):
    emulate(monkeypatch)
    works, finding = doctor.cuda_kernels()
    assert works and finding.startswith(f"{len(CASES)} compared with Jittor's operators: at most ")


@pytest.mark.parametrize("damage", ["wrong", "not finite", "not compiled"])
def test_doctor_says_that_a_kernel_is_wrong(monkeypatch, damage):
    def run(file, source, inputs, outputs, numbers):
        if damage == "not compiled":
            raise RuntimeError("nvcc fatal")
        return [jt.ones(*output) if damage == "wrong" else jt.zeros(*output) / 0 for output in outputs]

    emulate(monkeypatch, run=run)
    works, finding = doctor.cuda_kernels()
    expected = {"wrong": "differ from", "not finite": "off by inf", "not compiled": "do not work: nvcc fatal"}
    assert not works and expected[damage] in finding
    assert finding.endswith("; JTSIT_CUDA_KERNELS=0 goes on with Jittor's operators")


def test_doctor_has_a_line_for_them_on_a_gpu_and_fails_with_them(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "check_jittor", lambda: (True, "computes on 1 GPU(s)"))
    monkeypatch.setattr(doctor, "cuda_kernels", lambda: (False, "differ"))
    answers = []
    for on_gpu in (True, False):
        monkeypatch.setattr(doctor, "uses_gpu", lambda on_gpu=on_gpu: on_gpu)
        answers.append((doctor.report(), "CUDA kernels    differ\n" in capsys.readouterr().out))
    assert answers == [(1, True), (0, False)]


@pytest.mark.skipif(not (jt.compiler.has_cuda and jt.get_device_count()), reason="no GPU")
@pytest.mark.parametrize("name", CASES)
def test_kernels_on_a_gpu(name):
    with jt.flag_scope(use_cuda=1):
        assert doctor_kernels.difference(CASES[name]) < doctor_kernels.LARGEST_DIFFERENCE


@pytest.mark.parametrize("arch", ARCHS)
def test_nvcc_compiles_every_operator(nvcc, monkeypatch, tmp_path, arch):
    program, listed = nvcc
    if f"compute_{arch}" not in listed:
        pytest.skip(f"this nvcc offers {' '.join(listed)}, not sm_{arch} (CUDA 13 begins with 75)")
    recorder = Recorder()
    emulate(monkeypatch, run=recorder)
    for case in CASES.values():
        doctor_kernels.difference(case)
    assert len(recorder.operators) >= 14  # forward and backward, with and without maps and activation
    source = tmp_path / "operators.cu"
    source.write_text(recorder.source())
    # Jittor passes the first two.
    options = ["-std=c++14", "--use_fast_math", "-Werror", "all-warnings", f"-I{call.CSRC}"]
    command = [program, "-c", f"-arch=sm_{arch}", *options, source, "-o", tmp_path / "operators.o"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
