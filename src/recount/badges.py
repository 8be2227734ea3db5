"""The README's badges: what the register and the back-tests say today, each as a small SVG."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recount import claims, page_charts, register
from recount.backtest import answers, training, views
from recount.backtest.scores import score
from recount.project import write_whole

_SIZE, _CHARACTER, _HEIGHT = 11, 6.1, 20
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height}" role="img" aria-label="{label}: {value}">
<title>{label}: {value}</title>
<rect width="{width:g}" height="{height}" rx="3" fill="#1d4f63"/>
<path d="M0 3a3 3 0 0 1 3-3h{left:g}v{height}H3a3 3 0 0 1-3-3z" fill="#444"/>
<g fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="{size}" text-anchor="middle">
<text x="{label_at:g}" y="14" textLength="{label_length:g}">{label}</text>
<text x="{value_at:g}" y="14" textLength="{value_length:g}">{value}</text>
</g>
</svg>
"""


def texts() -> dict[str, tuple[str, str]]:
    """Each badge's label and what it says, computed from today's claims and back-tests."""
    articles = register.articles()
    printed = [{"verdict": one.verdict} for one in claims.recompute_all() if not articles[one.claim.article].ours and one.claim.kind != "record"]
    figures = page_charts.counted(printed)  # as the front page counts them
    trainings = score(views.independent(training.predictions("energy", split="family")))
    answered = score(answers.predictions(split="family"))
    return {
        "claims": ("printed figures", f"{figures['hold']} of {figures['all']} hold, {figures['may']} may"),
        "intervals": ("90 % intervals", f"cover {trainings.coverage:.0%} of trainings, {answered.coverage:.0%} of answers".replace("%", " %")),
    }


def svg(label: str, value: str) -> str:
    """A badge; the widths of its texts are set, so that it looks alike in any font."""
    label_length, value_length = _CHARACTER * len(label), _CHARACTER * len(value)
    left = label_length + 12
    return _SVG.format(
        label=label, value=value, height=_HEIGHT, size=_SIZE, width=left + value_length + 12, left=left - 3,
        label_at=left / 2, label_length=label_length, value_at=left + value_length / 2 + 6, value_length=value_length,
    )  # fmt: skip


def write(folder: Path) -> Iterable[Path]:
    """Write the badges that changed and return them."""
    for name, (label, value) in texts().items():
        path = folder / f"badge-{name}.svg"
        if write_whole(path, svg(label, value)):
            yield path
