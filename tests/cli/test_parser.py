"""What can be typed, and what is said about a typing mistake."""

from __future__ import annotations

import random

import pytest

from gitops_tui.cli.parser import build_parser
from gitops_tui.cli.plain import plainly


def parsed(*words: str) -> dict[str, object]:
    """The options that were given."""
    options = vars(build_parser("1.2.3").parse_args(words))
    return {name: value for name, value in options.items() if value not in (None, False, [], "")}


@pytest.mark.parametrize(
    "words",
    [
        ["--repo", "x", "--revision", "main", "--path", "apps/*", "-o", "json", "--read-only", "status", "shop"],
        ["status", "shop", "--repo", "x", "--revision", "main", "--path", "apps/*", "-o", "json", "--read-only"],
        ["--repo", "x", "--read-only", "status", "--revision", "main", "--path", "apps/*", "-o", "json", "shop"],
    ],
)
def test_shared_options_stand_before_or_after_the_verb(words: list[str]) -> None:
    assert parsed(*words) == {
        "verb": "status",
        "applications": ["shop"],
        "repo": "x",
        "revision": "main",
        "path": "apps/*",
        "output": "json",
        "read_only": True,
    }


def test_the_revision_of_a_verb_is_not_the_tracked_one() -> None:
    options = parsed("--repo", "x", "--revision", "main", "diff", "shop", "--revision", "v1")
    assert (options["revision"], options["at"]) == ("main", "v1")


def test_without_a_verb_the_terminal_application_is_meant() -> None:
    assert parsed() == {"output": "table"}
    assert parsed("--headless", "--once", "--listen", ":8080", "--read-only") == {
        "headless": True,
        "once": True,
        "listen": ":8080",
        "read_only": True,
        "output": "table",
    }


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parsed("--version")
    assert (end.value.code, capsys.readouterr().out) == (0, "gitops-tui 1.2.3\n")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["stats"], "unknown verb `stats`, did you mean `status`?"),
        (["config", "valdate"], "unknown action `valdate`, did you mean `validate`?"),
        (["status", "-o", "jsn"], "unknown -o/--output `jsn`, did you mean `json`?"),
        (["rollback", "shop"], "one of the arguments REV --last-good is required"),
        (["diff"], "the following arguments are required: APP"),
        (["history", "shop", "-n", "0"], "must be a positive whole number"),
        (["history", "shop", "-n", "9" * 5000], "must be a positive whole number"),
        (["sync", "shop", "--timeout", "soon"], "must be a number of seconds, or a duration such as 5m"),
        (["sync", "shop", "--timeout", "9" * 400], "must be a number of seconds, or a duration such as 5m"),
        (["sync", "--dry"], "--dry"),
        (["--context", "staging", "sync", "--all"], "--context goes with --repo only"),
        (["status", "--revision", "main"], "--revision goes with --repo only"),
        (["--reset"], "--reset goes with --demo only"),
        (["status", "--repo", "x", "--config", "y"], "--repo and --config cannot be combined"),
        (["--headless", "status"], "--headless runs without a verb"),
        (["\x1b[31mred"], "unknown verb `\\x1b[31mred`"),
    ],
)
def test_a_typing_mistake_ends_with_2_and_one_line_that_helps(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as end:
        parsed(*words)
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (2, "")
    assert complaint in said.err.splitlines()[0]
    assert "\x1b" not in said.err
    assert len(said.err.splitlines()) == 2


@pytest.mark.parametrize(("text", "value"), [("90", 90.0), ("1.5", 1.5), ("5m", 300.0)])
def test_time_outs(text: str, value: float) -> None:
    assert parsed("sync", "shop", "--timeout", text)["timeout"] == value


WORDS = (
    *(
        "status",
        "status",
        "status",
        "shop",
        "web",
        "diff",
        "--read-only",
        "--orphans",
        "--demo",
        "--headless",
        "--help",
    ),
    *("--repo", "--config", "--path", "--revision", "--context", "--namespace", "--kubeconfig", "--state-dir"),
    *("--repo=x", "-o", "-ojson", "--output", "json", "table", "toml", "-x", "--", "-", "", "--repo", "-1", "a b"),
)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_without_the_parser_is_what_the_parser_reads(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)  # noqa: S311 - it guards nothing
    plain = 0
    for _ in range(3000):
        words = dice.choices(WORDS, k=dice.randint(0, 7))
        said = plainly(words)
        if said is not None:
            plain += 1
            assert vars(said) == vars(build_parser("1.2.3").parse_args(words)), words
    assert plain
    assert capsys.readouterr().err == ""


def test_a_plain_command_line_needs_no_parser() -> None:
    words = ["--repo", "x", "--path", "apps/*", "--kubeconfig", "k", "--state-dir", "s", "status", "-o", "json", "shop"]
    said = plainly(words)
    assert said is not None
    assert (said.verb, said.applications, said.path, said.output) == ("status", ["shop"], "apps/*", "json")
    assert plainly(["status", "--orphans"]) is None
