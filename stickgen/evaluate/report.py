"""An evaluation as one self-contained HTML file: tables, how the figures were tested, contact sheets."""

from __future__ import annotations

from stickgen import __version__
from stickgen.evaluate.comparison import OTHER_HALF, Comparison, shown
from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.figures import AS_REAL, FIGURE, FIGURES, HIGHER
from stickgen.evaluate.page import page, safe, table
from stickgen.evaluate.sheets import sheet

SHOWN = 4  # prompts of each kind: the best, the middle, the worst


def html_report(comparison: Comparison) -> str:
    """The report. All texts of the dataset and names of runs are escaped."""
    title = "stickgen evaluate: " + " against ".join(model.name for model in comparison.models)
    parts = [
        _facts(comparison),
        "<h2>Figures</h2>",
        _figures(comparison),
        _differences(comparison),
        _contrast(comparison),
        _copies(comparison),
        "<h2>Motions</h2>",
        _motions(comparison),
        "<h2>How the figures were tested</h2>",
        _admission(comparison),
    ]
    return page(title, parts)


def _facts(comparison: Comparison) -> str:
    judge = comparison.evaluator
    repeats = ", ".join(f"{len(model.repeats)} × {safe(model.name)}" for model in comparison.models)
    return (
        f"<p>{len(judge.prompts)} held-out texts of {safe(judge.split.file.path)}, each drawn: {repeats}. Windows of "
        f"{judge.split.frames} frames. Evaluator {judge.digest[:16]}, classifier "
        f"{judge.classifier.digest[:16] if judge.classifier else 'none, because no actions are labelled'}; "
        f"stickgen {__version__}.</p><p class=dim>Intervals hold 95 % of a bootstrap over texts, repeats and evaluator "
        "seeds. Distances compare one half of the texts with the other half of real motion, so the score of real "
        "motion is the lowest possible.</p>"
    )


def _figures(comparison: Comparison) -> str:
    systems = list(comparison.values)
    models = {model.name for model in comparison.models}
    rows = []
    for figure in comparison.figures:
        cells = [safe(figure.name) + f" <span class=dim>{_direction(figure.better)}</span>"]
        for system in systems:
            value = comparison.values[system].get(figure.key)
            if value is None:
                cells.append('<span class="dim">–</span>')
                continue
            text = shown(figure, value.value)
            if system in models or system == OTHER_HALF:
                low, high = (shown(figure, end) for end in value.interval)
                text += f' <span class="dim">{low} … {high}</span>'
            cells.append(f'<span class="model">{text}</span>' if system in models else text)
        rows.append(cells)
    refused = "".join(
        f"<li>{safe(FIGURE[key].name)}: {safe(why)}</li>" for key, why in comparison.admission.refused.items()
    )
    told = f"<p>Not reported, because they failed their test:</p><ul>{refused}</ul>" if refused else ""
    return table(["", *map(safe, systems)], rows) + told


def _direction(better: str) -> str:
    return "as real" if better == AS_REAL else "higher is better" if better == HIGHER else "lower is better"


def _differences(comparison: Comparison) -> str:
    pairs = comparison.pairs()
    if not pairs:
        return ""
    first, second = (model.name for model in comparison.models[:2])
    rows = [
        [
            safe(pair.figure.name),
            shown(pair.figure, pair.apart),
            f"{pair.p:.3f}",
            "no difference" if pair.better is None else f"<b>{safe(comparison.models[pair.better].name)}</b>",
        ]
        for pair in pairs
    ]
    return (
        f"<h2>{safe(first)} against {safe(second)}</h2><p>Paired: the same texts, p below 0.01 or no difference.</p>"
        + table(["", "difference", "p", "better"], rows)
    )


def _contrast(comparison: Comparison) -> str:
    told = [model for model in comparison.models if model.contrast is not None]
    if not told:
        return ""
    rows = []
    for model in told:
        assert model.contrast is not None
        for row in model.contrast.rows:
            rows.append(
                [f"{safe(model.name)}: {safe(row.name)}", f"{row.share:.0%}", f"{row.low:.0%} … {row.high:.0%}",
                 str(row.n), f"{row.chance:.0%}"]
            )  # fmt: skip
    return "<h2>Contrasts, by rules on the coordinates</h2>" + table(
        ["", "right", "95 %", "of", "chance"], rows
    )


def _copies(comparison: Comparison) -> str:
    rows = [
        [f"{safe(name)}: {safe(copy.text)}", safe(copy.clip), f"{copy.distance:.4f}"]
        for name, copies in comparison.copies.items()
        for copy in copies[:20]
    ]
    if not rows:
        return ""
    return "<h2>Copies of training clips</h2>" + table(["text", "clip", "distance, body heights"], rows)


def _motions(comparison: Comparison) -> str:
    """The first model's best, middle and worst motions by how well they fit their texts, beside real ones."""
    judge = comparison.evaluator
    latents = judge.encode([motion.nan_to_num(0.0) for motion in comparison.models[0].repeats[0]])
    order = (latents * judge.prompt_latents).sum(-1).mean(0).argsort(descending=True).tolist()
    middle = max(len(order) // 2 - SHOWN // 2, 0)
    parts = []
    for name, rows in (
        ("Those that fit their texts best", order[:SHOWN]),
        ("From the middle", order[middle : middle + SHOWN]),
        ("Those that fit worst", order[-SHOWN:]),
    ):
        parts.append(f"<h3>{name}</h3>")
        for row in rows:
            parts.append(f'<div class="pair"><p><b>{safe(judge.prompts[row].text)}</b></p>')
            for model in comparison.models:
                parts.append(f"<p class=dim>{safe(model.name)}</p>{sheet(model.repeats[0][row])}")
            parts.append(f"<p class=dim>real</p>{sheet(judge.real[row])}</div>")
    return "".join(parts)


def _admission(comparison: Comparison) -> str:
    """Each damage at three strengths under each figure. Damages that a figure claims to detect are marked."""
    admission = comparison.admission
    figures = [figure for figure in FIGURES if figure.key in admission.real]
    rows = [["undamaged", *(shown(figure, admission.real[figure.key]) for figure in figures)]]
    for damage in DAMAGES:
        for strength, level in enumerate(damage.levels):
            cells = [f"{safe(damage.name)} {level:.2g}"]
            for figure in figures:
                text = shown(figure, admission.damaged[damage.name][strength][figure.key])
                if damage.name in figure.sees:
                    kind = "model" if admission.sees(figure.key, damage.name) else "bad"
                    text = f'<span class="{kind}">{text}</span>'
                cells.append(text)
            rows.append(cells)
    meanings = "; ".join(f"{safe(damage.name)}: {safe(damage.meaning)}" for damage in DAMAGES)
    return (
        f"<p>Real motion, damaged in nine ways. A figure must get worse under the damages that it claims to "
        f"detect (bold), and more so the stronger they are; one that does not (red) is not reported. {meanings}.</p>"
        f'<div style="overflow-x:auto">{table(["", *(safe(figure.name) for figure in figures)], rows)}</div>'
    )
