"""`fetch`: downloads from a server on this machine; cuts, wrong files, missing files and a full disk get one line."""

import hashlib
import shutil
from types import SimpleNamespace

import pytest

from data_tools.basics.errors import InputError
from helpers.file_server import Site, serving
from helpers.same_bytes import assert_same_bytes
from helpers.weight_file_bytes import SAMPLES
from jittor_tsit.__main__ import main
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges
from jittor_tsit.metrics.lpips import load_lpips
from jittor_tsit.networks.inception import find_inception, load_inception
from jittor_tsit.networks.nima import load_nima
from jittor_tsit.networks.vgg import ContentFeatures, load_vgg
from jittor_tsit.runtime.published_files import PUBLISHED, PublishedFile, how_to_get

DATA = SAMPLES["npz"]
SIZE, DIGEST = len(DATA), hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def typed(monkeypatch):
    """Messages name the commands as the user of run.sh types them."""
    monkeypatch.setenv("JTSIT_PROGRAM", "bash run.sh")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with the file of "vgg19", to which the table of publishers points."""
    monkeypatch.chdir(tmp_path)
    for variable in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    site = Site({"/vgg19.pth": DATA})
    with serving(site) as address:
        point_to(monkeypatch, f"{address}/vgg19.pth")
        yield site


def point_to(monkeypatch, url, size=SIZE, sha256=DIGEST):
    file = PublishedFile("vgg19.pth", "VGG-19", url, size, sha256, "BSD-3-Clause", "https://page", "use {path}")
    monkeypatch.setitem(PUBLISHED, "vgg19", file)


def error_of(capsys, *words):
    assert main(["fetch", *words]) == 2
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1 and lines[-1] == errors[0]
    return errors[0]


def test_a_file_comes_whole_with_its_licence_and_use(site, tmp_path, capsys):
    assert main(["fetch", "vgg19"]) == 0
    shown = capsys.readouterr().out
    assert "BSD-3-Clause" in shown and "https://page" in shown
    assert "judges/vgg19.pth: size and SHA-256 are as published; bash run.sh use judges/vgg19.pth" in shown
    assert [path.name for path in (tmp_path / "judges").iterdir()] == ["vgg19.pth"]
    assert_same_bytes(tmp_path / "judges/vgg19.pth", DATA)


def test_a_file_that_fails_does_not_stop_the_others(site, monkeypatch, tmp_path, capsys):
    address = PUBLISHED["vgg19"].url
    for name in ("vgg16", "nima"):
        file = PublishedFile(f"{name}.pth", name, f"{address}.absent", 1, DIGEST, "", "https://page", "use {path}")
        monkeypatch.setitem(PUBLISHED, name, file)
    assert main(["fetch", "vgg16", "vgg19", "nima"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert [line.split(": ")[1] for line in errors] == ["vgg16", "nima"]
    assert_same_bytes(tmp_path / "judges/vgg19.pth", DATA)


def test_a_file_that_is_there_is_checked_and_not_loaded_again(site, tmp_path, capsys):
    assert main(["fetch", "vgg19", "--judges", "mine"]) == 0
    site.files.clear()
    assert main(["fetch", "vgg19", "--judges", "mine"]) == 0
    (tmp_path / "mine/vgg19.pth").write_bytes(DATA[:-1])
    assert "is another file than the published one" in error_of(capsys, "vgg19", "--judges", "mine")
    assert (tmp_path / "mine/vgg19.pth").exists()  # it may be the user's own


def test_a_cut_download_goes_on_where_it_stopped(site, tmp_path, capsys):
    site.cut_after = 100
    message = error_of(capsys, "vgg19")
    assert f"cut at 300 of {len(DATA)} bytes; run the same command again" in message
    assert (tmp_path / "judges/vgg19.pth.part").stat().st_size == 300
    site.cut_after = None
    assert main(["fetch", "vgg19"]) == 0
    assert site.ranges == [0, 100, 200, 300]
    assert_same_bytes(tmp_path / "judges/vgg19.pth", DATA)
    assert not (tmp_path / "judges/vgg19.pth.part").exists()


def test_a_server_without_ranges_sends_the_file_from_its_beginning(site, tmp_path):
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges/vgg19.pth.part").write_bytes(b"x" * 50)
    site.has_ranges = False
    assert main(["fetch", "vgg19"]) == 0
    assert_same_bytes(tmp_path / "judges/vgg19.pth", DATA)


def test_a_part_that_is_complete_is_only_checked(site, tmp_path):
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges/vgg19.pth.part").write_bytes(DATA)
    assert main(["fetch", "vgg19"]) == 0
    assert site.ranges == []


@pytest.mark.parametrize("sent", [DATA[:-1] + b"?", DATA + b"?", b"<html>log in</html>"])
def test_a_wrong_file_is_refused_and_removed(site, tmp_path, capsys, sent):
    site.files["/vgg19.pth"] = sent
    message = error_of(capsys, "vgg19")
    assert hashlib.sha256(sent).hexdigest() in message and "was removed" in message
    assert not list((tmp_path / "judges").iterdir())


def test_of_a_published_prefix_the_digits_that_are_known_are_compared(site, monkeypatch, capsys):
    url = PUBLISHED["vgg19"].url
    point_to(monkeypatch, url, None, "00000000")
    assert "00000000 is expected" in error_of(capsys, "vgg19")
    point_to(monkeypatch, url, None, DIGEST[:8])
    assert main(["fetch", "vgg19"]) == 0
    assert "the first 8 digits" in capsys.readouterr().out


def test_without_a_published_checksum_the_digest_is_shown_and_a_web_page_refused(site, monkeypatch, capsys):
    point_to(monkeypatch, PUBLISHED["vgg19"].url, None, "")
    assert main(["fetch", "vgg19"]) == 0
    assert DIGEST in capsys.readouterr().out
    site.files["/vgg19.pth"] = b"<html>log in</html>"
    assert "web page" in error_of(capsys, "vgg19", "--judges", "other")


def test_a_missing_file_an_absent_server_and_a_full_disk_get_one_line(site, monkeypatch, capsys):
    site.files.clear()
    assert "the server answers 404" in error_of(capsys, "vgg19")
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
        assert "are needed" in error_of(capsys, "vgg19")
    point_to(monkeypatch, "http://127.0.0.1:9/vgg19.pth")  # nobody listens there
    assert "cannot be reached" in error_of(capsys, "vgg19")


def test_the_proxy_of_the_environment_is_used(site, monkeypatch, tmp_path):
    """The proxy is the server itself. It gets the whole address as the path."""
    address = PUBLISHED["vgg19"].url.rsplit("/", 1)[0]
    monkeypatch.setenv("http_proxy", address)
    site.files["http://weights.invalid/vgg19.pth"] = DATA
    point_to(monkeypatch, "http://weights.invalid/vgg19.pth")
    assert main(["fetch", "vgg19"]) == 0
    assert_same_bytes(tmp_path / "judges/vgg19.pth", DATA)


def test_a_judge_with_another_suffix_keeps_its_place(site, tmp_path, capsys):
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges/vgg19.npz").write_bytes(DATA)
    assert "vgg19.npz: takes the place of vgg19.pth" in error_of(capsys, "vgg19")


@pytest.mark.parametrize("words", [[], ["vgg18"]])
def test_without_a_known_name_those_that_exist_are_named(capsys, words):
    assert "vgg19, vgg16, inception, lpips, nima" in error_of(capsys, *words)


def test_the_list_names_each_file_with_address_and_licence(capsys):
    assert main(["fetch", "--list"]) == 0
    shown = capsys.readouterr().out
    for name, published in PUBLISHED.items():
        assert f"{name}: " in shown and published.url in shown and published.licence in shown
        assert published.url.startswith("https://") and published.source.startswith("https://")


def test_every_missing_judge_and_teacher_names_the_command_and_the_address(tmp_path):
    judges, missing = Judges(tmp_path), tmp_path / "none.pth"
    for name in ("inception", "vgg16", "nima", "lpips"):
        absent = getattr(judges, name)()
        assert isinstance(absent, JudgeAbsent)
        assert f"bash run.sh fetch {name}" in absent.how and PUBLISHED[name].url in absent.how
    loaders = {
        "inception": [lambda: load_inception(missing), lambda: find_inception("")],
        "nima": [lambda: load_nima(missing)],
        "vgg16": [lambda: load_vgg("vgg16", missing), lambda: load_lpips(missing, missing)],
        "vgg19": [lambda: load_vgg("vgg19", missing)],
        "vgg16-caffe": [lambda: ContentFeatures(missing)],
    }
    for name, calls in loaders.items():
        for call in calls:
            with pytest.raises(InputError, match=f"bash run.sh fetch {name}`.*{PUBLISHED[name].url}"):
                call()


def test_the_way_to_a_file_names_another_folder_of_judges(tmp_path):
    assert how_to_get("vgg16").startswith("`bash run.sh fetch vgg16` saves it as judges/vgg16.pth")
    assert f"fetch vgg16 --judges {tmp_path}`" in how_to_get("vgg16", tmp_path)
