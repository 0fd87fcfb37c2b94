"""Every option is explained by the comment on its line."""

from dataclasses import dataclass

import pytest

from jittor_tsit.__main__ import main
from jittor_tsit.config import CONFIGS, DataConfig, OptimConfig, Phase, RunConfig
from jittor_tsit.config.option_texts import comments_of, options_of

KINDS = {kind.__name__: kind for kind in (*CONFIGS.values(), DataConfig, RunConfig)}


@dataclass(frozen=True)
class Inner:
    a: float = 1.0  # of the inner part


@dataclass(frozen=True)
class Base:
    width: int = 2  # channels
    plain: str = ""


@dataclass(frozen=True)
class Own(Base):
    width: int = 3  # channels of G
    long: float = 0.5  # on a line of its own
    inner: Inner = Inner()


def test_comments_are_those_of_the_source_and_of_the_nearest_class():
    expected = {"width": "channels of G", "plain": "", "long": "on a line of its own", "inner": ""}
    assert comments_of(Own) == expected
    groups = dict(options_of(Own()))
    assert [(one.name, one.value, one.kind, one.comment) for one in groups["inner."]] == [
        ("inner.a", "1.0", "a number", "of the inner part")
    ]
    assert [one.name for one in groups[""]] == ["width", "plain", "long"]


@pytest.mark.parametrize("name", KINDS)
def test_every_option_has_a_comment(name):
    for _, group in options_of(KINDS[name]()):
        for option in group:
            assert option.comment, f"{name}: {option.name} needs a comment on its line"
    assert all(comments_of(kind)[field] for kind in (OptimConfig, Phase) for field in comments_of(kind))


def test_options_prints_value_type_and_comment(capsys):
    assert main(["options", "--experiment", "tsit_contest", "width=7", "weights.vgg=3"]) == 0
    shown = capsys.readouterr().out
    assert "  width=7  (a whole number)\n" in shown and "weights.vgg=3.0  (a number)\n" in shown
    assert "phases.2.batch_size=30" in shown
    for title in ("options of tsit (config)", "(config.weights)", "(config.optim)", "(data)", "(run)"):
        assert title in shown


@pytest.mark.parametrize("words", [["width"], ["config.width"], ["--experiment", "tsit_contest", "width"]])
def test_one_option_is_explained(capsys, words):
    assert main(["options", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("  width=") and lines[0].endswith("(a whole number)")
    assert lines[1].strip() == "channels of G's last and E's first features" and len(lines) == 2


def test_several_options_and_a_group_are_explained_with_new_values(capsys):
    assert main(["options", "weights", "flip", "weights.vgg=3"]) == 0
    shown = capsys.readouterr().out
    assert "  weights.vgg=3.0  (a number)\n" in shown and "  weights.gan=" in shown and "  flip=" in shown
    assert "  width=" not in shown


def test_a_mistyped_option_gets_similar_names(capsys):
    assert main(["options", "widht"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: widht: no such field; similar options are width, ") and error.count("\n") == 1
