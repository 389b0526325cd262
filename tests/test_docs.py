"""The documentation keeps up with the program: what a user can type is described, and nothing else is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from aneos.cli.app import app
from tests.conftest import CHECKOUT

DOCS = CHECKOUT / "docs"
COMMAND_LINE = DOCS / "command-line.md"
COMMON = {"--format", "--output", "--help"}
"""Options that one section describes for every command."""


def commands(command: Any, path: str = "aneos") -> Iterator[tuple[str, Any]]:
    """Every command that can be typed, with the words that call it."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def options(command: Any) -> set[str]:
    """Long names of a command's options."""
    names = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {name for name in names if name.startswith("--")} - {"--help"}


def arguments(command: Any) -> set[str]:
    """Arguments of a command as its help calls them."""
    return {parameter.metavar for parameter in command.params if parameter.param_type_name == "argument"}


def section(page: str, heading: str) -> str | None:
    """The text under a heading, up to the next heading of any level; ``None`` where there is no such heading."""
    found = re.search(rf"^#+ {re.escape(heading)}$\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    return found and found[1]


def described(text: str) -> set[str]:
    """Names that a definition list describes: lines such as ```--top N```, each followed by its definition."""
    return set(re.findall(r"^`(--[a-z-]+|[A-Z]+)[^`]*`\n:", text, re.MULTILINE))


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_is_documented(path: str) -> None:
    page = COMMAND_LINE.read_text("utf-8")
    text = section(page, path)
    assert text is not None, f"docs/command-line.md has no heading '{path}'"
    command = COMMANDS[path]
    wanted = (options(command) | arguments(command)) - COMMON
    assert described(text) == wanted


def test_the_common_options_are_documented() -> None:
    text = section(COMMAND_LINE.read_text("utf-8"), "Options of every command that has a result")
    assert described(text or "") == COMMON


@pytest.mark.parametrize(
    "page", sorted([*DOCS.glob("*.md"), CHECKOUT / "README.md"]), ids=lambda page: page.name
)
def test_commands_shown_in_a_page_exist(page: Path) -> None:
    for line in re.findall(r"^\$ (?:\S+/)?(aneos(?: .*)?)$", page.read_text("utf-8"), re.MULTILINE):
        words = line.split("#")[0].split()
        path = words[0]
        for word in words[1:]:
            if f"{path} {word}" not in COMMANDS:
                break
            path = f"{path} {word}"
        used = {word for word in words if word.startswith("--")}
        assert used <= options(COMMANDS[path]) | COMMON, line


OUTPUT = re.compile(r"(<!-- begin output[^>]*-->\n```text\n)(.*?)(```\n<!-- end output -->)", re.DOTALL)
SECONDS = re.compile(r"\d+\.\d s\.")


def test_the_output_in_the_readme_is_what_the_screen_prints() -> None:
    environment = {**os.environ, "COLUMNS": "118"}
    screen = [sys.executable, "-m", "aneos", "screen", "--top", "10"]
    printed = subprocess.run(screen, capture_output=True, text=True, check=True, env=environment).stdout
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    if os.environ.get("UPDATE_README") == "1":
        readme = OUTPUT.sub(lambda found: f"{found[1]}{printed}{found[3]}", readme)
        (CHECKOUT / "README.md").write_text(readme, "utf-8")
    shown = OUTPUT.search(readme)
    assert shown is not None
    assert SECONDS.sub("", shown[2]).split() == SECONDS.sub("", printed).split(), (
        "run it with UPDATE_README=1"
    )


def test_the_site_builds_and_fetches_nothing_from_elsewhere(tmp_path: Path) -> None:
    # Not --quiet: it hides the warnings from --strict as well, and a broken link would pass.
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(build, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fetched = re.compile(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?(https?:)?//""")
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) >= 7
    for page in pages:
        outside = [
            hit for hit in fetched.finditer(page.read_text("utf-8")) if 'rel="canonical"' not in hit[0]
        ]
        assert not outside, f"{page.name}: {outside[0][0]}"
