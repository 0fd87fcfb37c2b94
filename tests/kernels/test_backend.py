"""Which kernels are used for which array, on which device, with which switches."""

from types import SimpleNamespace

import jittor as jt
import pytest

from jittor_tsit.kernels import backend

DECIDERS = (backend.runs_fused, backend.runs_fused_norm, backend.runs_blocked)


def decisions(x):
    return [decider(x) for decider in DECIDERS]


@pytest.fixture
def device(monkeypatch):
    """Make backend.py believe in a device and its libraries; nothing runs on it."""

    def use(on_gpu, block=16, has_library=True):
        library = object() if has_library else None
        libraries = SimpleNamespace(mkl_ops=library, cudnn=library, cublas_ops=library)
        flags = SimpleNamespace(use_cuda=int(on_gpu))
        monkeypatch.setattr(backend, "jt", SimpleNamespace(flags=flags, compile_extern=libraries))
        monkeypatch.setattr(backend.context, "block", block)

    return use


IMAGE, FEW = jt.ones(1, 5, 2, 2), jt.ones(1, 4, 2, 2)


@pytest.mark.parametrize("on_gpu, expected", [(False, [True, False, True]), (True, [True, True, False])])
def test_each_device_has_its_kernels(device, on_gpu, expected):
    device(on_gpu)
    assert decisions(IMAGE) == expected
    assert decisions(IMAGE.float16()) == [False] * 3


def test_an_image_with_few_channels_is_not_blocked(device):
    device(on_gpu=False)
    assert backend.runs_blocked(IMAGE) and not backend.runs_blocked(FEW)


@pytest.mark.parametrize("missing", [{"block": 0}, {"has_library": False}])
def test_without_blocks_or_onednn_images_are_not_blocked(device, missing):
    device(on_gpu=False, **missing)
    assert decisions(IMAGE) == [True, False, False]


def test_without_cuda_kernels_a_gpu_uses_jittors_operators(device):
    device(on_gpu=True)
    with backend.using(cuda_kernels=False):
        assert decisions(IMAGE) == [False] * 3
    assert decisions(IMAGE) == [True, True, False]


def test_the_layout_nchw_leaves_out_norms_whose_gradients_have_none(device):
    device(on_gpu=True)
    with backend.using(nchw=True):
        assert decisions(IMAGE) == [True, False, False]


@pytest.mark.parametrize("decider", [backend.has_conv_library, backend.has_matmul_library, backend.has_batched_matmul])
@pytest.mark.parametrize("on_gpu", [False, True])
def test_libraries_take_what_they_know(device, decider, on_gpu):
    half = IMAGE.float16()
    device(on_gpu)
    is_on_cpu_only = decider is backend.has_batched_matmul
    assert decider(IMAGE, IMAGE) == (not on_gpu or not is_on_cpu_only)
    assert decider(half, half) == (on_gpu and not is_on_cpu_only)
    device(on_gpu, has_library=False)
    assert not decider(IMAGE, IMAGE)


def test_switches_are_restored_after_an_error():
    before = vars(backend.context).copy()
    with pytest.raises(ZeroDivisionError), backend.using(nchw=True, precision="bf16"):
        assert backend.context.nchw and backend.context.precision == "bf16"
        raise ZeroDivisionError
    assert vars(backend.context) == before


def test_an_unknown_switch_is_refused():
    with pytest.raises(TypeError, match="ncwh"), backend.using(ncwh=True):
        pass
