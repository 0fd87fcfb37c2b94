"""What lies in place of weights is named, with what to do, by every reader of weights and checkpoints."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.weight_file_bytes import SAMPLES
from jittor_tsit.__main__ import main
from jittor_tsit.conversion.weight_files import read_weights, require_weight_file
from jittor_tsit.runs.checkpoint import load_checkpoint


def zip_of(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


def tar_of(name):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return data.getvalue()


def npy():
    data = io.BytesIO()
    np.save(data, np.zeros(3))
    return data.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 45575747\n"
PAGE = b"<!DOCTYPE html><html><title>Google Drive - Virus scan warning</title></html>"
IN_BOTH = {  # file -> what the message says, of weights and of checkpoints
    POINTER: "Git LFS pointer.*45575747 bytes.*git lfs pull",
    PAGE: "web page.*fetch",
    b"\xef\xbb\xbf\n  <html>": "web page",
    b'{"error": "Invalid credentials"}': "is a text.*Invalid credentials",
    b"Not Found": "is a text.*Not Found",
    "文件不存在，请重新下载。".encode() * 50: "is a text",  # cut within a character at the end of what is looked at
    b"": "is empty.*again",
    bytes(4096): "zeros.*cut",
    gzip.compress(b"weights", mtime=0): "gzip; unpack it",
    tar_of("net.pth"): "tar archive; unpack it",
    npy(): r"single NumPy array.*numpy\.savez",
}
IN_WEIGHTS = {
    zip_of("a/net_G.pth", "a/net_D.pth"): "zip archive that holds 'a/net_G.pth' and 1 more; unpack it",
    zip_of("net/data.pkl", "net/code/net.py"): r"TorchScript.*state_dict\(\)",
    zip_of("net/data.pkl", "net/constants.pkl"): r"TorchScript.*state_dict\(\)",
    zip_of("readme.txt"): "neither .npz",
    SAMPLES["npz"][:-40]: "damaged or cut short.*again",
}


@pytest.mark.parametrize("data, message", [*IN_BOTH.items(), *IN_WEIGHTS.items()])
def test_what_lies_in_place_of_weights_is_named(tmp_path, data, message):
    path = tmp_path / "net.pth"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"net.pth: .*{message}") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data, message", IN_BOTH.items())
def test_what_lies_in_place_of_a_checkpoint_is_named(tmp_path, data, message):
    path = tmp_path / "best.safetensors"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"best.safetensors: .*{message}"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "members, message",
    [(("a/net_G.pth",), "is a zip archive that holds 'a/net_G.pth'; unpack it"), (("readme.txt",), "neither .npz")],
)
def test_an_archive_named_as_a_checkpoint_is_no_weights_of_another_program(tmp_path, members, message):
    path = tmp_path / "best.safetensors"
    path.write_bytes(zip_of(*members))
    with pytest.raises(InputError, match=f"best.safetensors: .*{message}"):
        load_checkpoint(path)


@pytest.mark.parametrize("kind", ["npz", "zip", "legacy", "jittor"])
def test_published_weights_named_as_a_checkpoint_lead_to_convert(tmp_path, kind):
    path = tmp_path / "best.safetensors"
    path.write_bytes(SAMPLES[kind])
    with pytest.raises(InputError, match="convert` makes a checkpoint"):
        load_checkpoint(path)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_check_of_the_first_bytes_accepts_every_format(tmp_path, kind):
    (tmp_path / "weights").write_bytes(SAMPLES[kind])
    require_weight_file(tmp_path / "weights")


@pytest.mark.parametrize("word", ["{}", "G={}"])
def test_convert_refuses_before_jittor_starts(tmp_path, monkeypatch, capsys, word):
    monkeypatch.setattr("jittor_tsit.commands.convert.start_jittor", lambda **_: pytest.fail("Jittor was started"))
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(POINTER)
    words = ["--from", word.format(path), "--system", "pix2pix", "--out", str(tmp_path / "c.safetensors")]
    assert main(["convert", *words]) == 2
    assert "Git LFS" in capsys.readouterr().err
