"""[[alert]] of newsarchive.toml, and the server of its mail."""

from pathlib import Path

import pytest

from newsarchive.config.schema import ALERT_SETTINGS
from newsarchive.config.toml_file import parse_config
from newsarchive.diff.articles import EditVerdict
from newsarchive.diff.edits import EditKind
from storage.errors import ConfigError
from storage.observations import ChangeEvent


def test_an_alert_and_its_mail_server_are_read() -> None:
    """With the port that SMTP servers have for submission."""
    text = 'mail_server = "s"\nmail_from = "a@b.example"\n[[alert]]\nname = "x"\nquery = "y"\nmail = ["c@d.example"]\n'
    config = parse_config(text + 'webhook = "https://h.example/"\nevery = "daily"\n', Path("/x"))
    assert (config.mail_server, config.mail_from, config.mail_port) == ("s", "a@b.example", 587)
    (alert,) = config.alerts
    assert alert.targets == ("mailto:c@d.example", "https://h.example/")
    assert (alert.key, alert.is_of_changes, alert.every) == ("x", False, "daily")


@pytest.mark.parametrize(("name", "values"), [("kind", EditKind), ("notice", EditVerdict), ("event", ChangeEvent)])
def test_filters_know_all_values_of_changes(name: str, values: type[EditKind]) -> None:
    """Those that the classification gives."""
    (setting,) = [each for each in ALERT_SETTINGS if each.name == name]
    known = [each.value for each in values if each.value != "unchanged"]
    assert setting.value_type.parse(known) == tuple(known)


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ('[[alert]]\nname = "a"\n', 1, "an alert needs a name, and what it looks for"),
        (
            '[[alert]]\nname = "a"\nquery = "b"\n[[alert]]\nname = "c"\nkind = ["odd"]\n',
            6,
            'must be "changed-back" or "retraction" or',
        ),
        ('[[alert]]\nname = "a"\nquery = "b"\nmail = ["a b"]\n', 4, "must be mail addresses"),
        ('[[alert]]\nname = "a"\nquery = "b"\nwebhook = "ftp://x"\n', 4, "must be a URL"),
        ('[[alert]]\nname = "a"\nquery = "b"\nevery = "weekly"\n', 4, '"at once" or "hourly" or "daily"'),
        ('mail_server = "a"\nmail_prot = 25\n', 2, "did you mean 'mail_port'"),
        (
            '[[alert]]\nname = "a"\nquery = "b"\n[[alert]]\nname = "a"\nquery = "c"\n',
            1,
            "two alerts have the same name",
        ),
        ("[alert]\nname = 3\n", 1, "alerts are written as [[alert]]"),
        ("alert = [1]\n", 1, "alerts are written as [[alert]]"),
    ],
)
def test_a_mistake_is_named_with_its_line(lines: str, line: int, said: str) -> None:
    """And nothing is done."""
    with pytest.raises(ConfigError) as caught:
        parse_config(lines, Path("/x"))
    assert f"line {line}: " in str(caught.value)
    assert said in str(caught.value)
