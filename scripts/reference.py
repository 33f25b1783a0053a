"""Write docs/configuration.md, commands.md, problems.md, formats.md, json.md and others from what the program says.

    python scripts/reference.py [-o docs] [--check]

With --check nothing is written; the exit code is 1 where a page is not what the program says now.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import click

from stickgen.cli import COMMANDS, root
from stickgen.cli.exit_codes import ExitCode
from stickgen.cli.shapes import SHAPES, Schema, json_schema, schema_name
from stickgen.cli.shapes.types import OPTIONAL
from stickgen.config.key import Key
from stickgen.config.problem_codes import EXPLANATIONS
from stickgen.config.schema import GROUPS, keys_of
from stickgen.importing.known_sets import SETS
from stickgen.importing.registry import FORMATS
from stickgen.yaml_edit import format_value

NOTE = "<!-- Written by scripts/reference.py; do not edit. Renew with: make docs -->"


def configuration_page() -> str:
    """Every key of a config, a table a group."""
    parts = [
        NOTE,
        "# Every key of a config",
        "The form of `stickgen-tui`, the checks, `--set`, `configs/base.yaml` and this page come from one list, "
        "`stickgen/config/keys/`. Keys marked ° are this engine's own; the others are those of the training "
        "configuration guide. Keys marked ≈ can change while a run trains (docs/steering.md). A key that a file leaves out takes its default, and is named when the file is read.",
    ]
    for group in GROUPS:
        rows = ["| key | default | allowed | what it does |", "|---|---|---|---|"]
        rows += [_row(key) for key in keys_of(group.name)]
        parts += [f"## `{group.name}`", group.help, "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _row(key: Key) -> str:
    mark = ("" if key.in_specification else " °") + (" ≈" if key.live else "")
    unit = f" {key.unit}" if key.unit else ""
    return f"| `{key.path}`{mark} | `{format_value(key.default, None)}`{unit} | {key.range_text()} | {key.help} |".replace(
        "\n", " "
    )


def problems_page() -> str:
    """Every code that a check of a config may show, with its cause and its fix."""
    parts = [
        NOTE,
        "# Every problem of a config",
        "`stickgen config check`, `stickgen train` and the editor say what is wrong with a config. Each kind of problem has "
        "a code that stays, in brackets at the end of the sentence and as `code` in `--json`: SG1xx is about the file, "
        "SG2xx about what must hold between keys, SG3xx about a launch on this machine.",
    ]
    for code, explained in EXPLANATIONS.items():
        parts += [f"## {code}: {explained.title}", f"{explained.cause}\n\n**Fix:** {explained.fix}"]
    return "\n\n".join(parts) + "\n"


def formats_page() -> str:
    """What `stickgen data import` reads, a row a format."""
    rows = ["| format | what is read | limits |", "|---|---|---|"]
    rows += [f"| {entry.name} | {entry.reads} | {entry.limits} |" for entry in FORMATS]
    parts = [
        NOTE,
        "# Every format of motion",
        "`stickgen data import` reads these from folders, zip archives (without unpacking them) and files, however they are "
        "mixed, and counts every file that it looks at. A format higher up claims a file first. [data.md](data.md) says how "
        "a figure comes out of them.",
        "\n".join(rows),
        "## Public sets that need no index",
        "Download and unpack the set, and name its folder. It is recognised by the names of its files and by its tables, of "
        "which none has to be there. A row of your own `--index` goes first.",
        "\n".join(
            ["| set | what is recognised |", "|---|---|", *(f"| {one.name} | {one.reads} |" for one in SETS)]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def exports_page() -> str:
    """Every format that motions are written in, and the keys of a style file."""
    from dataclasses import fields

    from stickgen.motion_export.look import CLEAR, Look
    from stickgen.motion_export.registry import EXPORTS

    rows = ["| `--format` | ends with | what it is | opened by | limits |", "|---|---|---|---|---|"]
    for export in EXPORTS:
        endings = ", ".join(f"`{suffix}`" for suffix in export.suffixes) or "a folder or .zip"
        rows.append(
            f"| `{export.name}` | {endings} | {export.about} | {export.opened_by} | {export.limits} |"
        )
    clear = ", ".join(f"`{export.name}`" for export in EXPORTS if export.look == CLEAR)
    figure = "\n".join(
        f"{field.name}: {format_value(getattr(CLEAR, field.name))}"
        for field in fields(Look)
        if getattr(CLEAR, field.name) != field.default
    )
    keys = "\n".join(f"{field.name}: {format_value(field.default)}" for field in fields(Look))
    return (
        "\n\n".join(
            [
                NOTE,
                "# Motions for other programs",
                "`stickgen generate` and `stickgen data preview` write motions in these formats. The ending of `-o` chooses, and "
                "`--format` overrides it. A file is whole or not there, and one of another kind is never replaced.",
                '    stickgen generate latest "a person waves" -o wave.svg\n'
                '    stickgen generate latest "a person waves" --style blue.yaml -o wave.mp4\n'
                "    stickgen data preview data/real.pt --clips 4 --format sprites -o sprites/",
                "\n".join(rows),
                "Where a file holds one motion, several become `walk-1.bvh`, `walk-2.bvh` and so on. A folder may be a "
                "`.zip` instead. What a format cannot hold as it is, the command says. "
                "[Motion as data](motion-data.md) has the layouts of BVH, OpenPose, JSON, CSV and NPZ, and how Blender "
                "and AnimatedDrawings take them.",
                "## How the figure looks",
                "`--style FILE` takes a YAML file with any of these keys; what it leaves out is as here. Lengths are in units of "
                "about a person's height, `width` and `height` in pixels of one clip. A colour is `#rrggbb` or `#rrggbbaa` in "
                "quotes; `background` and `floor` may be `transparent`.",
                f"```yaml\n{keys}\n```",
                f"What is laid over something else ({clear}) shows the figure alone, unless the style says otherwise:",
                f"```yaml\n{figure}\n```",
            ]
        )
        + "\n"
    )


def json_page() -> str:
    """Every shape that `--json` prints, and the exit codes."""
    parts = [
        NOTE,
        "# JSON and exit codes, for programs",
        "Every command that shows facts or writes a file takes `--json`. Standard output is then one JSON document, or, of "
        "commands that tell of many things, one on each line. `schema` names its shape and version. Within a version, "
        "members may be added; none is taken away, renamed, or given another type or meaning. Units are in the names. "
        "A number that is not finite is `null`. All of it is ASCII.",
        "    stickgen runs list --json | jq -r '.runs[] | select(.status == \"running\") | .name'\n"
        "    stickgen runs watch latest --json | jq -r 'select(.metrics.kind == \"val\") | .metrics.loss_pose'",
        "A command that cannot do it prints this instead, and its sentence on standard error as ever:",
        "```json\n"
        '{"schema": "stickgen.error/1", "error": "no run is called \'amber\'; there are calm-otter", "exit_code": 2}\n'
        "```",
        "Notes, warnings and progress go to standard error. `stickgen config schema` prints the JSON Schema of a config. "
        "[shapes.schema.json](shapes.schema.json) has a JSON Schema of each shape, under its name in `$defs`. For "
        "assistants there is [stickgen mcp](mcp.md), for Python [the API](python.md).",
        "## Exit codes",
        "\n".join(["| code | when |", "|---|---|", *(f"| {code} | {code.about} |" for code in ExitCode)]),
        "## Shapes",
        "`a[].b` is the member `b` of each item of the list `a`; `a.*` each member of `a`, whatever its name. `?`: it may "
        "be missing.",
    ]
    for name, shape in SHAPES.items():
        parts += [
            f"### {schema_name(name, shape)}",
            f"`{shape.command}`" if name != "error" else shape.command,
        ]
        parts.append(shape.about + (" One a line." if shape.lines else ""))
        rows = ["| member | type | what it is |", "|---|---|---|"]
        parts.append("\n".join(rows + _members(shape.members, "")))
    return "\n\n".join(parts) + "\n"


def _members(members: dict[str, Schema], before: str) -> list[str]:
    """A row for each member, and for those below it."""
    rows = []
    for name, schema in members.items():
        sign = " ?" if schema.get(OPTIONAL) else ""
        kinds = schema.get("type", "any")
        kinds = kinds if isinstance(kinds, str) else ", ".join(kinds)
        values = (
            f": {', '.join(f'`{value}`' for value in schema['enum'] if value)}" if "enum" in schema else ""
        )
        rows.append(f"| `{before}{name}`{sign} | {kinds} | {schema.get('description', '')}{values} |")
        rows += _below(schema, f"{before}{name}")
    return rows


def _below(schema: Schema, path: str) -> list[str]:
    """The rows of what a list or an object holds."""
    if "items" in schema:
        return _below(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        return _below(schema["additionalProperties"], f"{path}.*")
    required = schema.get("required", ())
    marked = {
        name: below if name in required else {**below, OPTIONAL: True}
        for name, below in schema.get("properties", {}).items()
    }
    return _members(marked, f"{path}.")


def shapes_schema() -> str:
    """A JSON Schema of every shape, for programs that check what they read."""
    schemas = {schema_name(name, shape): json_schema(name, shape) for name, shape in SHAPES.items()}
    return json.dumps({"$defs": schemas}, indent=1, ensure_ascii=False) + "\n"


def commands_page() -> str:
    """What `--help` says, of every command and of those below it."""
    parts = [NOTE, "# Every command", "What `--help` says, for each."]
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        parts += _helps(command, ["stickgen", name])
    return "\n\n".join(parts) + "\n"


def _helps(command: click.Command, words: list[str]) -> list[str]:
    context = click.Context(
        command,
        info_name=" ".join(words),
        help_option_names=["-h", "--help"],
        max_content_width=100,
        terminal_width=100,
    )
    parts = [f"## {' '.join(words)}" if len(words) == 2 else f"### {' '.join(words)}"]
    parts.append(f"```text\n{command.get_help(context)}\n```")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            parts += _helps(below, [*words, name])
    return parts


def main() -> None:
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a page is old")
    arguments = parser.parse_args()
    old = []
    pages = {
        "configuration.md": configuration_page(),
        "commands.md": commands_page(),
        "problems.md": problems_page(),
        "formats.md": formats_page(),
        "export-motion.md": exports_page(),
        "json.md": json_page(),
        "shapes.schema.json": shapes_schema(),
    }
    for name, text in pages.items():
        path = arguments.output / name
        if arguments.check:
            if not path.is_file() or path.read_text() != text:
                old.append(str(path))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path)
    if old:
        sys.exit(f"not what the program says now: {', '.join(old)}; renew with: make docs")


if __name__ == "__main__":
    main()
