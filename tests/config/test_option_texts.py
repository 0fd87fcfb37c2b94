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
