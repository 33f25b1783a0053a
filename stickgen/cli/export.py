"""`stickgen export`: a trained model as a folder that other programs can load."""

from __future__ import annotations

from pathlib import Path

import click

from stickgen.cli.options import JSON, RUNS
from stickgen.cli.output import FORCE, print_json


@click.command(
    "export",
    epilog="Examples: stickgen export latest -o walker   stickgen export latest -o walker --format onnx",
)
@click.argument("source", metavar="RUN|CKPT")
@click.option("-o", "output", required=True, metavar="DIR", help="A new folder.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["safetensors", "torch", "onnx"]),
    default=("safetensors",),
    show_default=True,
    help="The weights, or the sampler's step as a torch.export or ONNX program; may be given several times.",
)
@RUNS
@FORCE
@JSON
def command(
    source: str, output: str, formats: tuple[str, ...], runs: str | None, force: bool, as_json: bool
) -> None:
    """Write the averaged weights of a run's newest checkpoint, or of the one named, with a model card."""
    from stickgen.export.folder import export
    from stickgen.runs.store import runs_root
    from stickgen.train.checkpoints.initial import find_initial

    checkpoint = find_initial(source, Path(runs) if runs else runs_root())
    subject = export(checkpoint, Path(output), tuple(dict.fromkeys(formats)), force=force)
    if as_json:
        print_json(
            "export",
            {
                "path": output,
                "formats": subject.formats,
                "step": subject.step,
                "differences": subject.differences,
            },
        )
        return
    for name, difference in subject.differences.items():
        click.echo(f"the {name} program differs from the model by at most {difference:.1g}")
    click.echo(
        f"{output}: {', '.join(subject.formats)} of step {subject.step:,}; README.md says how to load it"
    )
