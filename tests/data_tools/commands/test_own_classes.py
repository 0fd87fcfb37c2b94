"""Sets with classes of their own: the commands take their number, the id of pixels without a class, and their names."""

import json

import numpy as np
import pytest
from PIL import Image

from data_tools.__main__ import main
from data_tools.basics.table import read_table
from data_tools.sets.image_io import write_label, write_photo

COUNT = 12  # pairs; below 10, nothing is learned from the set


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Pairs of bright and dark stripes; the classes are 30, 100 and 149, and a line between them is 255."""
    root = tmp_path_factory.mktemp("own")
    for name in ("imgs", "labels"):
        (root / name).mkdir()
    rng = np.random.default_rng(0)
    for k in range(COUNT):
        label = np.repeat([30, 100, 149], 32)[None].repeat(96, 0)
        photo = (label[..., None] + rng.integers(0, 60, (96, 96, 3))).astype(np.uint8)
        photo[:, :40] = 255  # 40 % of the picture is clipped to white
        label[:, 31:33] = 255
        write_photo(root / f"imgs/{k}.jpg", photo)
        write_label(root / f"labels/{k}.png", label)
    return root


OPTIONS = ("--num-classes", "150", "--unknown-id", "255")


def test_check_and_stats_take_both_spellings(data, tmp_path, capsys):
    assert main(["check", "--data", str(data), *OPTIONS]) == 0
    assert main(["check", "--data", str(data), "num_classes=150", "unknown_id=255"]) == 0
    assert main(["stats", "--data", str(data), *OPTIONS, "--json", str(tmp_path / "s.json")]) == 0
    classes = json.loads((tmp_path / "s.json").read_text())["classes"]
    assert {c["id"]: c["name"] for c in classes[:4]} == {k: f"class {k}" for k in (30, 100, 149)} | {255: "unknown"}
    assert "class 149" in capsys.readouterr().out


def test_check_names_the_options_for_ids_out_of_range(data, capsys):
    assert main(["check", "--data", str(data)]) == 1
    said = capsys.readouterr().out
    assert "unknown_id=" in said and "num_classes=150" in said


def test_curation_leaves_out_what_only_landscapes_have(data, tmp_path, capsys):
    assert main(["curate", "--data", str(data), "--out", str(tmp_path), *OPTIONS, "--workers", "1"]) == 0
    said = capsys.readouterr().err
    assert "signals left out" in said and "backlight, overexposure" in said and "rules left out" in said
    columns = read_table(tmp_path / "scan.csv").columns
    assert "backlight" not in columns and "overexposure" not in columns
    assert all(np.isfinite(column).all() for column in columns.values())
    decisions = (tmp_path / "decisions.csv").read_text()
    assert "too_bright" not in decisions and "backlit" not in decisions
    assert columns["border_length"].max() < 3  # the lines without a class are no borders of their own
    page = (tmp_path / "report.html").read_text()
    assert "class 149" in page and "unknown" in page and "mountain" not in page


def test_names_of_classes_bring_back_the_signals_about_the_sky(data, tmp_path, capsys):
    names = [f"thing {k}" for k in range(150)]
    names[30] = "sky #0a0b0c"
    (tmp_path / "names.txt").write_text("\n".join(names))
    words = ["--class-names", str(tmp_path / "names.txt"), "--unknown-id", "255", "--workers", "1"]
    assert main(["curate", "--data", str(data), "--out", str(tmp_path / "out"), *words]) == 0
    assert "left out" not in capsys.readouterr().err
    assert "overexposure" in read_table(tmp_path / "out/scan.csv").columns
    page = (tmp_path / "out/report.html").read_text()
    assert "thing 149" in page and "#0a0b0c" in page


def test_other_classes_measure_all_pairs_again(data, tmp_path):
    words = ["scan", "--data", str(data), "--out", str(tmp_path), "--workers", "1"]
    assert main([*words, "--num-classes", "200", "--unknown-id", "255"]) == 0
    before = (tmp_path / "scan.json").read_text()
    assert main([*words, *OPTIONS]) == 0
    assert json.loads(before)["classes"]["num_classes"] == 200
    assert json.loads((tmp_path / "scan.json").read_text())["classes"]["num_classes"] == 150


def test_scan_refuses_photos_that_would_be_scaled_differently(tmp_path, capsys):
    for name in ("imgs", "labels"):
        (tmp_path / "set" / name).mkdir(parents=True)
    for k, largest in enumerate((4095, 900)):
        Image.fromarray(np.full((24, 32), largest, np.uint16)).save(tmp_path / f"set/imgs/{k}.png")
        write_label(tmp_path / f"set/labels/{k}.png", np.ones((24, 32), np.uint8))
    assert main(["scan", "--data", str(tmp_path / "set"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 2
    assert "use different numbers of bits" in capsys.readouterr().err and not (tmp_path / "out/scan.json").exists()
