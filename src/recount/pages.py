"""The static site: executed notebooks, claims and data in, HTML that needs no network out.

Sources are written beside the output (``build/site`` from ``build/site-src``) by filling the
templates of ``site/pages``; Sphinx with MyST-NB turns them into HTML. A source is rewritten
only when it differs, and when nothing at all differs Sphinx is not even started.
"""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import json
import re
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recount import explore_view, own_register, page_views as views
from recount.errors import RecountError
from recount.page_views import Claim, Source
from recount.project import CLAIM_MIME
from recount.vocabulary import data_folder

SITE = Path(__file__).resolve().parents[2] / "site"
_HEADING = re.compile(r"^#{1,6} +\S.*$", re.MULTILINE)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def build(results: list[dict[str, Any]], notebooks: list[Path], out: Path) -> Path:
    """Build the site into *out* and return its front page.

    Parameters
    ----------
    results : the claims as ``recount claims --json`` prints them.
    notebooks : the executed notebooks, one page each.
    out : the folder of the HTML; sources and Sphinx's memory stand beside it.

    Raises
    ------
    RecountError : Sphinx found a fault, such as a broken link or an unknown formula.
    """
    out = Path(out).resolve()
    source, memory = out.with_name(f"{out.name}-src"), out.with_name(f"{out.name}-doctrees")
    pages = sources(results, notebooks)
    removed = _write(pages, source)
    stamp, machinery = memory / "stamp.json", _digest(_machinery())
    now = {"machinery": machinery, "pages": _digest({**pages, **_downloads(notebooks)})}
    before = json.loads(stamp.read_text(encoding="utf-8")) if stamp.is_file() else {}
    if before == now and (out / "index.html").is_file():
        return out / "index.html"
    stamp.unlink(missing_ok=True)  # without it the next run reads everything anew: a fault is found again
    for page in removed:
        (out / page).with_suffix(".html").unlink(missing_ok=True)
    fresh = before.get("machinery") != machinery
    _sphinx(source, out, memory, fresh)
    shutil.rmtree(out / "downloads", ignore_errors=True)
    (out / "downloads").mkdir()
    for name, content in _downloads(notebooks).items():
        (out / "downloads" / name).write_bytes(content)
    stamp.write_text(json.dumps(now), encoding="utf-8")
    return out / "index.html"


def sources(results: list[dict[str, Any]], notebooks: Iterable[Path]) -> dict[str, bytes]:
    """Every source of the site by its path: filled templates and prepared notebooks."""
    data = data_folder()
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(notebooks)}
    placed = {c["id"]: stem for stem, nb in read.items() for c in _payloads(nb) if c["notebook"] == stem}
    claims = [{**claim, "page": f"notebooks/{placed[claim['id']]}.html" if claim["id"] in placed else None} for claim in results]
    everything = {
        "claims": claims,
        "articles": _articles(claims, data),
        "notebooks": [{"stem": stem, "title": _title(nb) or views.title_of(stem)} for stem, nb in read.items()],
        "themes": _themes(data),
        "records": _read(data / "records.csv"),
        "scenarios": [_scenario(path) for path in sorted((data / "scenarios").glob("*.toml"))],
        "defaults": _toml(data / "defaults.toml").get("contexts", []),
        "glossary": sorted(_read(data / "quantities.csv"), key=lambda q: q["label"].casefold()),
        "sources": _sources(data),
        "backtests": sorted(_backtests(data)),
    }
    everything |= {"uses": _uses(everything), "labels": {q["name"]: q["label"] for q in everything["glossary"]}, "explore": explore_view.view()}
    everything["cards"] = {c["id"]: f"../articles/{c['article']}.html#claim-{c['id']}" for c in claims}
    pages = {f"{path.stem}.md": _fill(path.name, everything) for path in (SITE / "pages").glob("[!_]*.md")}
    pages |= {f"articles/{a['slug']}.md": _fill("_article.md", everything, article=a) for a in everything["articles"]}
    pages |= {f"data/{t['stem']}.md": _fill("_theme.md", everything, theme=t) for t in everything["themes"]}
    by_id = {claim["id"]: claim for claim in claims}
    titles = {a["slug"]: a["title"] for a in everything["articles"]}
    for stem, nb in read.items():
        text = json.dumps(prepare(nb, stem, by_id, titles, everything["sources"]), ensure_ascii=False, indent=1, sort_keys=True)
        pages[f"notebooks/{stem}.ipynb"] = text.encode()
    return pages


def prepare(notebook: dict[str, Any], stem: str, claims: dict[str, Claim], titles: dict[str, str], cited: dict[str, Source] | None = None) -> dict[str, Any]:
    """A copy of an executed notebook, ready to be a page.

    Each claim's section gets the target ``claim-ID`` and a line with its verdict and article;
    each picture the alternative text that its output carries, else the caption below it; each
    source in a table leads to the bibliography.
    """
    notebook = copy.deepcopy(notebook)
    cells = notebook["cells"]
    for cell in cells:
        cell["source"] = _text(cell["source"])
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            _describe_pictures(cell, cells[number + 1 :])
            _link_sources(cell, cited or {})
    told = [(number, c) for number, cell in enumerate(cells) for c in _payloads({"cells": [cell]}) if c["notebook"] == stem]
    shown = {c["id"]: number for number, c in reversed(told)}
    for identifier, number in sorted(shown.items(), key=lambda item: item[1], reverse=True):
        before = max((n for n in shown.values() if n < number), default=-1)
        claim = claims.get(identifier) or next(c for _, c in told if c["id"] == identifier)
        _mark(cells, _first_mention(cells, identifier, before + 1, number), claim, titles.get(claim["article"], claim["article"]))
    return notebook


def _first_mention(cells: list[dict[str, Any]], identifier: str, start: int, end: int) -> int:
    """Where a claim's section starts: the first cell of code that names it, after the claim before."""
    named = re.compile(rf"['\"]{re.escape(identifier)}['\"]")
    return next((n for n in range(start, end) if cells[n]["cell_type"] == "code" and named.search(cells[n]["source"])), end)


def _mark(cells: list[dict[str, Any]], number: int, claim: Claim, article: str) -> None:
    """Put a claim's target before, and its line after, the nearest heading above its first cell."""
    target = f"claim-{claim['id']}"
    card = f"../articles/{claim['article']}.html#{target}"
    line = views.Markup('<p class="claim-line"><a href="{}">{} <span class="from">{}</span></a></p>').format(card, views.badge(claim["verdict"]), article)
    for cell in reversed(cells[:number]):
        headings = list(_HEADING.finditer(cell["source"])) if cell["cell_type"] == "markdown" else []
        if headings:
            at, end = headings[-1].span()
            text = cell["source"]
            cell["source"] = f"{text[:at]}({target})=\n{text[at:end]}\n\n{line}\n\n{text[end:].lstrip()}"
            return
    cells.insert(number, {"cell_type": "markdown", "id": target[:64], "metadata": {}, "source": f'<div id="{target}">{line}</div>'})


def _describe_pictures(cell: dict[str, Any], below: list[dict[str, Any]]) -> None:
    alternatives = []
    for output in cell.get("outputs", []):
        for kind in [k for k in output.get("data", {}) if k.startswith("image/")][:1]:
            told = output.get("metadata", {})
            alternatives.append(told.get("alt") or told.get(kind, {}).get("alt") or cell["metadata"].get("alt") or "")
    if alternatives:
        text = " ".join(filter(None, alternatives)) or _caption(below)
        cell["metadata"].setdefault("mystnb", {}).setdefault("image", {}).setdefault("alt", text)


def _link_sources(cell: dict[str, Any], cited: dict[str, Source]) -> None:
    def link(match: re.Match[str]) -> str:
        source = cited.get(match[2])
        return views.Markup('{}<a href="../bibliography.html#source-{}">{}</a>').format(views.Markup(match[1]), source.key, source.label) if source else match[0]

    for output in cell.get("outputs", []):
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = re.sub(r"(<td[^>]*>)([A-Za-z]\w+)(?=, |<)", link, _text(output["data"]["text/html"]))


def _caption(below: list[dict[str, Any]]) -> str:
    for cell in below[:1]:
        if cell["cell_type"] == "markdown" and not _HEADING.match(_text(cell["source"])):
            paragraph = _text(cell["source"]).strip().split("\n\n")[0]
            return re.sub(r"\s+", " ", re.sub(r"\[([^\]]*)\]\([^)]*\)|[*_`]", r"\1", paragraph))
    return "Figure; the text around it says what it shows."


def _payloads(notebook: dict[str, Any]) -> list[Claim]:
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            payload = output.get("data", {}).get(CLAIM_MIME)
            found += payload if isinstance(payload, list) else [payload] if payload else []
    return found


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _title(notebook: dict[str, Any]) -> str:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (match := re.search(r"^# +(.+)$", _text(cell["source"]), re.MULTILINE)):
            return match[1].strip()
    return ""


def _articles(claims: list[Claim], data: Path) -> list[dict[str, Any]]:
    """The articles in the register's order, each with its claims; one without a claim has no page."""
    own = own_register.register()
    told = _toml(data / "claims.toml").get("article", {}) | (_toml(own).get("article", {}) if own else {})
    articles = []
    for slug in dict.fromkeys([*told, *(claim["article"] for claim in claims)]):
        entry, own = told.get(slug, {}), [claim for claim in claims if claim["article"] == slug]
        about = {"title": entry.get("name") or views.title_of(slug), "published": entry.get("published", ""), "source": entry.get("source", "")}
        about["ours"] = bool(entry.get("ours", False))
        if own:
            articles.append({"slug": slug, "claims": own, **about})
    return articles


def _themes(data: Path) -> list[dict[str, Any]]:
    package = data / "datapackage.json"
    told = {r.get("path"): r for r in json.loads(package.read_text(encoding="utf-8")).get("resources", [])} if package.is_file() else {}
    themes = []
    for path in sorted((data / "assumptions").glob("*.csv")):
        resource = told.get(f"assumptions/{path.name}", {})
        title = resource.get("title") or views.title_of(path.stem)
        themes.append({"stem": path.stem, "file": path.name, "title": title, "about": resource.get("description", ""), "rows": _read(path)})
    for name, path in _own().items():
        if path.suffix == ".csv":
            about = "Beside the rows of recount: rows of the register that these pages show."
            themes.append({"stem": name.removesuffix(".csv"), "file": name, "title": f"Own rows: {views.title_of(path.stem)}", "about": about, "rows": _read(path)})
    return themes


def _own() -> dict[str, Path]:
    """The files of a register and rows of one's own, by the names they are downloaded under."""
    return {f"own-{views.slug(path.stem)}{path.suffix}": path for path in own_register.files()}


def _sources(data: Path) -> dict[str, Source]:
    found = views.bibliography(data / "sources.bib")
    for path in _own().values():
        found |= views.bibliography(path) if path.suffix == ".bib" else {}
    return dict(sorted(found.items(), key=lambda item: item[1].label.casefold()))


def _scenario(path: Path) -> dict[str, str]:
    table = _toml(path)
    return {"name": path.stem, "title": table.get("title", path.stem), "description": table.get("description", ""), "text": path.read_text(encoding="utf-8").strip()}


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _uses(everything: dict[str, Any]) -> dict[str, list[tuple[str, str, int]]]:
    """Where each source is used: page, title and how many rows of it."""
    uses: dict[str, dict[tuple[str, str], int]] = {}
    tables = [(f"data/{t['stem']}.html", t["title"], t["rows"]) for t in everything["themes"]]
    for page, title, rows in [*tables, ("records.html", "Records", everything["records"])]:
        for row in rows:
            count = uses.setdefault(row["source"], {})
            count[page, title] = count.get((page, title), 0) + 1
    return {key: [(*where, n) for where, n in found.items()] for key, found in uses.items()}


def _fill(template: str, everything: dict[str, Any], **more: Any) -> bytes:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(SITE / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {n: getattr(views, n) for n in ("badge", "digits", "interval", "linked", "plain", "reason", "slug", "strip", "times", "title_of", "unit")}
    environment.globals |= {"looks": views.LOOKS, "by_verdict": views.by_verdict, "figure": views.figure}
    return environment.get_template(template).render(**everything, **more).encode()


def _write(pages: dict[str, bytes], folder: Path) -> list[str]:
    """Write what differs and remove what is no longer a page; return the removed paths."""
    for name, content in pages.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    stale = [path for path in folder.rglob("*") if path.is_file() and str(path.relative_to(folder)) not in pages]
    for path in stale:
        path.unlink()
    return [str(path.relative_to(folder)) for path in stale]


def _backtests(data: Path) -> dict[str, Path]:
    """The lists of runs and measurements, by the names they are downloaded under."""
    return {f"backtest-{path.name}": path for path in (data / "backtests").glob("*.csv")}


def _downloads(notebooks: Iterable[Path]) -> dict[str, bytes]:
    data = data_folder()
    files = [*sorted((data / "assumptions").glob("*.csv")), data / "records.csv", data / "quantities.csv", data / "sources.bib", *sorted(notebooks)]
    named = {path.name: path for path in files} | _backtests(data) | _own()
    return {name: path.read_bytes() for name, path in named.items() if path.is_file()}


def _machinery() -> dict[str, bytes]:
    """What shapes every page: settings, templates, styles, and the versions of the tools."""
    from importlib.metadata import version

    files = {str(p): p.read_bytes() for p in SITE.rglob("*") if p.is_file() and "__pycache__" not in p.parts and "pages" not in p.parts}
    return files | {tool: version(tool).encode() for tool in ("sphinx", "furo", "myst-nb", "docutils")}


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return whole.hexdigest()


def _sphinx(source: Path, out: Path, memory: Path, fresh: bool) -> None:
    """Run Sphinx quietly; its first warning is the error."""
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warnings, problem = io.StringIO(), ""
    try:
        with patch_docutils(SITE), docutils_namespace():
            app = Sphinx(source, SITE, out, memory, "html", status=None, warning=warnings, freshenv=fresh)
            app.build(force_all=True)  # every page shows all titles in its menu; reading stays incremental
    except SphinxError as error:
        problem = str(error)
    told = [line for line in _ESCAPES.sub("", warnings.getvalue()).splitlines() if line.strip()]
    if problem or told:
        first = (problem or told[0]).replace(f"{source}/", "")
        raise RecountError(f"the pages were not built: {first}" + (f" ({len(told) - 1} more)" if len(told) > 1 else ""), told)
