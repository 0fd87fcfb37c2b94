"""Files in PyTorch's zip format, written without PyTorch; `torch.load(weights_only=True)` was tried by hand."""

import pickle
import pickletools
import zipfile

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.weight_file_bytes import assert_same
from jittor_tsit.conversion import torch_writer
from jittor_tsit.conversion.torch_writer import write_torch
from jittor_tsit.conversion.weight_files import read_weights

ARRAYS = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4)[:, ::-1],  # not contiguous
    "名.bias": np.arange(2, dtype=np.float32),
    "none": np.zeros((0, 3), np.float32),
    "norm.num_batches_tracked": np.array(7),
}


def test_what_is_written_is_read_again(tmp_path):
    write_torch(tmp_path / "net.pth", ARRAYS)
    assert_same(read_weights(tmp_path / "net.pth"), ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["net.pth"]


def test_dicts_of_two_sides_keep_them_apart(tmp_path):
    write_torch(tmp_path / "gen.pt", {"a": ARRAYS, "b": ARRAYS})
    expected = {f"{side}.{name}": array for side in "ab" for name, array in ARRAYS.items()}
    assert_same(read_weights(tmp_path / "gen.pt"), expected)


def test_the_file_has_the_members_and_globals_of_pytorch(tmp_path):
    write_torch(tmp_path / "net.pth", ARRAYS)
    with zipfile.ZipFile(tmp_path / "net.pth") as archive:
        assert archive.read("archive/version") == b"3\n" and archive.read("archive/byteorder") == b"little"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        opcodes = list(pickletools.genops(archive.read("archive/data.pkl")))
    names = {argument for opcode, argument, _ in opcodes if opcode.name == "GLOBAL"}
    rebuilt = {"torch._utils _rebuild_tensor_v2", "collections OrderedDict"}
    assert names == {*rebuilt, "torch FloatStorage", "torch LongStorage"}


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="absent"):
        write_torch(tmp_path / "absent/net.pth", ARRAYS)


@pytest.mark.parametrize("number", [0, 1, 255, 65_536, 2**31 - 1, 2**31, 2**31 + 1, 2**32, 2**40])
def test_sizes_beyond_32_bits_are_written_whole(number):
    """An array of 8 GB would be needed to see it in a file."""
    assert pickle.loads(b"\x80\x02" + torch_writer.int_opcode(number) + b".") == number
