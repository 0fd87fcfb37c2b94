"""Wrong values of the options of `python -m data_tools select`."""

import pytest

from data_tools.__main__ import main


@pytest.mark.parametrize(
    "option, words",
    [
        (("--keep", "7331,8116"), "is not N1,N2 with N2 at most N1"),
        (("--keep", "100"), "is not N1,N2"),
        (("--keep", "-1,-2"), "expected one argument"),
        (("--limit", "backlit"), "is not RULE=NUMBER, such as backlit=0.3"),
        (("--limit", "backlit=much"), "is not RULE=NUMBER"),
        (("--limit", "backlit=nan"), "is not RULE=NUMBER"),
        (("--agreement", "0"), "is not a number above 0 and up to 1"),
        (("--agreement", "1.1"), "is not a number above 0 and up to 1"),
        (("--agreement", "nan"), "is not a number above 0 and up to 1"),
        (("--class-size", "0"), "argument --class-size"),
        (("--difference", "nan"), "argument --difference"),
        (("--link", "a", "--copy", "b"), "not allowed with"),
    ],
)
def test_a_wrong_option_is_refused(tmp_path, capsys, option, words):
    with pytest.raises(SystemExit, match="2"):
        main(["select", "--out", str(tmp_path), *option])
    assert words in capsys.readouterr().err
