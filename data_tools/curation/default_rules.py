"""The default rules and settings of `select`, each with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from data_tools.curation.rules import Rule

REDUNDANCY = "redundancy"  # the signal that `select` itself computes and adds to the table of `scan`

# The limits were set on the sets landscape-bsds and rendered set 11, with and without planted defects. The table in
# data_tools/README.md shows what they find in other sets. "Clean" below means: without a planted defect.
DEFAULT_RULES: Tuple[Rule, ...] = (
    Rule(
        "unrelated",
        "misfit",
        -0.3,
        "selection_1",
        "the label belongs to another photo",
        "99 % of clean pairs are below -0.15 (bsds) and -1.6 (rendered); half of the swapped ones above 0",
    ),
    Rule(
        "shifted",
        "shift_gain",
        0.6,
        "selection_1",
        "the label map is shifted against the photo",
        "the largest gain of a clean pair is 0.7, half of the shifted ones reach 4",
    ),
    Rule(
        "mirrored",
        "mirror_gain",
        0.2,
        "selection_1",
        "the label shows the photo mirrored",
        "no clean pair gains by mirroring (at most -0.2); nine in ten mirrored ones gain 2",
    ),
    Rule(
        "wrong_classes",
        "class_surprise",
        0.8,
        "selection_1",
        "regions look like other classes than they are given",
        "nine in ten clean pairs of bsds and all rendered ones are below; 86 and 93 % of permuted ones above",
    ),
    Rule(
        "unexplained",
        "unexplained",
        0.9,
        "selection_1",
        "the label does not explain the photo's colours",
        "the largest of a clean pair is 0.76, and maps of nearly one class are beyond; a map of one class has 1",
    ),
    Rule(
        "merged",
        "hidden_border",
        -1.0,
        "selection_1",
        "one class covers several things",
        "99 % of clean pairs are below -1.2 (bsds) and -2.9 (rendered); half of the merged ones of bsds above -0.9",
    ),
    Rule(
        "torn",
        "fragments",
        90,
        "selection_1",
        "the label is torn into pieces",
        "99 % of clean rendered maps, which have many small things, are below 80; human ones below 10",
    ),
    Rule(
        "entangled",
        "border_length",
        24,
        "selection_1",
        "the label is full of borders",
        "the most of a clean pair is 23.7 sides of the picture; half of the shredded ones have more than 25",
    ),
    Rule(
        "interwoven",
        "mixing",
        10,
        "selection_1",
        "two classes interlock like combs",
        "the most of a clean pair is 9.3 times the border of a square",
    ),
    Rule(
        "off_edges",
        "edge_misses",
        -0.1,
        "selection_1",
        "label borders lie on no edges",
        "99 % of clean pairs are below -0.35; unrelated ones are around 0",
    ),
    Rule(
        "same_look",
        "overlap",
        0.97,
        "selection_1",
        "two touching classes look the same",
        "the largest of a clean pair is 0.96: weak evidence, so only the extreme is dropped",
    ),
    Rule(
        "one_class",
        "one_class",
        0.97,
        "selection_1",
        "the map says nearly nothing",
        "clean pairs of bsds reach 0.88; a map with 3 % of other pixels teaches no layout",
    ),
    Rule(
        "blurred",
        "blur",
        0.4,
        "selection_1",
        "the photo is blurred",
        "99 % of clean photos are below 0.29 (bsds) and 0.39 (rendered); half of the blurred ones have 0.54",
    ),
    Rule(
        "too_dark",
        "underexposure",
        0.6,
        "selection_1",
        "the photo is dark all over",
        "99 % of clean photos are below 0.68, 95 % below 0.43; underexposed ones begin at 0.6",
    ),
    Rule(
        "too_bright",
        "overexposure",
        0.2,
        "selection_1",
        "much besides the sky is clipped to white",
        "all clean photos of bsds but one are below; half of the overexposed ones have 0.26",
    ),
    Rule(
        "grey",
        "greyness",
        0.55,
        "selection_1",
        "the photo has no colour, or one tone",
        "the largest of a clean photo is 0.46; grey and sepia begin at 0.59",
    ),
    Rule(
        "framed",
        "frame",
        0.04,
        "selection_1",
        "the photo has a frame",
        "clean photos have 0; the thinnest frames that show at 512x384 cover 6 %",
    ),
    Rule(
        "written_on",
        "watermark",
        4,
        "selection_1",
        "there is writing in the photo",
        "99 % of clean photos are below 3.7 letters; half of the written ones have more than 4.3",
    ),
    Rule(
        "duplicate",
        "photo_twin",
        0.88,
        "selection_1",
        "the photo is an earlier one again",
        "no two clean photos of bsds share 0.7 of their bits; copies that were cropped and encoded again 0.92",
    ),
    Rule(
        "backlit",
        "backlight",
        0.4,
        "selection_2",
        "bright sky over a crushed foreground",
        "95 % of clean photos are below 0.23; nine in ten planted ones above 0.6",
    ),
    Rule(
        "redundant",
        REDUNDANCY,
        1.0,
        "selection_2",
        "better photos stand for this label map",
        "the rank in its equivalence class divided by the number that a class keeps",
    ),
)

DISAGREEMENT = "disagreement"  # a signal that the user gives in a file, from a segmenter
DISPUTED = Rule(
    "disputed",
    DISAGREEMENT,
    0.5,
    "selection_1",
    "a segmenter sees other classes than the label has",
    "most of its pixels; a round number with no measurement behind it",
)  # used only with `select --disagreement`


class Settings(NamedTuple):
    """Settings of the command `select`: the rules, and how equivalent label maps are found and thinned.

    Args:
        agreement: Smallest share of equal cells of equivalent label maps.
        flips: Whether a label map and its mirror image can be equivalent.
        class_size: Number of pairs to keep of an equivalence class that is thinned.
        difference: Mean difference of the photos of a class, in units of CIE Lab, above which the class is thinned.
    """

    rules: Tuple[Rule, ...] = DEFAULT_RULES
    agreement: float = 0.95  # with less, classes of the set landscape-peer hold maps that look different to a person
    flips: bool = False  # training mirrors at random, but a photo and its mirror image differ in their light
    class_size: int = 3  # the report of the contest team says "only a few"
    difference: float = 15.0  # photos that differ less are no contradictory targets for a generator


def with_limits(settings: Settings, limits: Dict[str, float]) -> Settings:
    """Return a copy of the settings with other limits for some rules.

    Args:
        limits: Rule name -> limit.

    Raises:
        InputError: There is no such rule.
    """
    names = [rule.name for rule in settings.rules]
    for name in limits:
        if name not in names:
            raise InputError(f"--limit {name}: there is no such rule; the rules are {', '.join(names)}")
    return settings._replace(rules=tuple(r._replace(limit=limits.get(r.name, r.limit)) for r in settings.rules))


def write_settings(path: Path, settings: Settings) -> None:
    """Write the settings as JSON.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    content: Dict[str, object] = {**settings._asdict(), "rules": [rule._asdict() for rule in settings.rules]}
    write_atomic(path, (json.dumps(content, indent=2) + "\n").encode())


def read_settings(path: Path) -> Settings:
    """Read settings that `write_settings` wrote.

    Raises:
        InputError: The file cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_bytes())
        settings = Settings(**{**content, "rules": tuple(Rule(**rule) for rule in content["rules"])})
        _require_types_of(Settings(), settings)
        for rule in settings.rules:
            _require_types_of(DISPUTED, rule)
        return settings
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; run scan and select first") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path}: is not a file that select wrote ({error}); run select again") from error


def _require_types_of(example: NamedTuple, values: NamedTuple) -> None:
    """Raise a ValueError if a field of `values` has another type than in `example`. An int may replace a float."""
    for name, value in example._asdict().items():
        if not isinstance(getattr(values, name), (int, float) if type(value) is float else type(value)):
            raise ValueError(f"{name} is {getattr(values, name)!r:.60}")
