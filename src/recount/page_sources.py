"""Every source of the site by its path: the templates filled in, the notebooks prepared."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recount import explore_view, page_assumptions, page_backtests, page_charts, page_course, page_data, page_history, page_notebooks, page_text, page_views as views
from recount.language import of_data
from recount.page_text import SITE
from recount.page_views import Claim
from recount.verdicts import so_many
from recount.vocabulary import data_folder

# What a claim's page asks of its details; without them it shows what the JSON holds.
_TOLD = ("why", "locator", "tolerance", "of_actually", "members", "scenarios", "route", "flow", "steps", "assumptions", "drivers", "would_hold")


@dataclasses.dataclass(frozen=True)
class Social:
    """What a link to a page shows elsewhere: a description, and the name of its picture with what it shows."""

    description: str
    picture: str = "front"
    alt: str = ""


@dataclasses.dataclass(frozen=True)
class Sources:
    """What is to be rendered, what its links show elsewhere, and the claims in the language of the pages."""

    pages: dict[str, bytes]
    social: dict[str, Social]
    claims: list[Claim]
    printed: list[Claim]  # those that articles print, without our own comparisons
    articles: dict[str, str]
    headline: str


def sources(
    results: list[dict[str, Any]], notebooks: Iterable[Path], details: Mapping[str, Any] | None = None, language: str = "en", base_url: str = "",
    backtests: Mapping[str, Any] | None = None,
) -> Sources:
    """Every source of the site in one language, and what goes with the pages."""
    data, details = data_folder(), details or {}
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(notebooks)}
    placed = {c["id"]: stem for stem, nb in read.items() for c in page_notebooks.payloads(nb) if c["notebook"] == stem}
    claims = [_in_language(claim, details.get(claim["id"], {}).get("shown", {}), language) | {"page": f"notebooks/{placed[claim['id']]}.html" if claim["id"] in placed else None} for claim in results]
    known = _known(claims, read, data, details, language)
    known["tests"] = _tests(backtests, known, language)
    articles = {a["slug"]: a["title"] for a in known["articles"]}
    fill = lambda template, **more: page_text.fill(template, language, **known, **more).encode()  # noqa: E731
    pages = {f"{path.stem}.md": fill(path.name) for path in (SITE / "pages").glob("[!_]*.md")}
    pages |= {"backtests.md": fill("_backtests.md", read=read)} if known["tests"] else {}
    pages |= {f"articles/{a['slug']}.md": fill("_article.md", article=a) for a in known["articles"]}
    pages |= {f"data/{t['stem']}.md": fill("_theme.md", theme=t) for t in known["themes"]}
    pages |= {f"assumptions/{q['name']}.md": fill("_assumption.md", quantity=q) for q in known["quantities"]}
    for claim in claims:
        more = dict.fromkeys(_TOLD) | details.get(claim["id"], {})
        address = f"{base_url}{language}/claims/{claim['id']}.html" if base_url else f"{language}/claims/{claim['id']}.html"
        pages[f"claims/{claim['id']}.md"] = fill("_claim.md", claim=claim, more=more, article=articles[claim["article"]], address=address, changes=page_history.changes(claim))
    by_id = {claim["id"]: claim for claim in claims}
    for stem, nb in read.items():
        text = json.dumps(page_notebooks.prepare(nb, stem, by_id, articles, known["sources"], page_text.translate(language)), ensure_ascii=False, indent=1, sort_keys=True)
        pages[f"notebooks/{stem}.ipynb"] = text.encode()
    pages |= page_text.prose(read, language)
    return Sources(pages, _social(known, language), claims, known["printed"], articles, known["headline"])


def _in_language(claim: Claim, shown: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A claim whose texts are in a language, as far as its details and the register have them."""
    claim = {**claim, **shown}
    if language == "en":
        return claim
    other = lambda one: {**one, **{name: one[f"{name}_{language}"] for name in ("statement", "title") if one.get(f"{name}_{language}")}}  # noqa: E731
    return {**other(claim), "routes": [other(route) for route in claim.get("routes") or []], "actually": other(claim["actually"]) if claim.get("actually") else None}


def _known(claims: list[Claim], read: Mapping[str, Any], data: Path, details: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What every template may name."""
    label = "label" if language == "en" else f"label_{language}"
    glossary = [{**q, "definition": of_data(q["definition"]), "label": q.get(label) or q["label"], "label_en": q["label"]} for q in page_data.read(data / "quantities.csv")]
    articles = page_data.articles(claims, data, language)
    _ = page_text.translate(language)
    printed = [claim for article in articles if not article["ours"] for claim in article["claims"]]
    known: dict[str, Any] = {
        "claims": claims,
        "printed": printed,
        "articles": articles,
        "notebooks": [{"stem": stem, "title": page_text.of_notebook(stem, page_notebooks.title(nb), language) or views.title_of(stem)} for stem, nb in read.items()],
        "themes": page_data.themes(data, _),
        "records": page_data.read(data / "records.csv"),
        "scenarios": [page_data.scenario(path, language) for path in sorted((data / "scenarios").glob("*.toml"))],
        "defaults": page_data.toml(data / "defaults.toml").get("contexts", []),
        "glossary": sorted(glossary, key=lambda q: q["label"].casefold()),
        "sources": page_data.sources(data),
        "backtests": sorted(page_data.backtests(data)),
        "history": page_history.of_all(claims),
        "headline": headline(printed, _),
        "explore": explore_view.view(language),
        "lessons": page_course.lessons(),
        "edition": page_data.edition(data),
        "version": page_data.version(),
    }
    known |= {"uses": page_data.uses(known, _), "labels": {q["name"]: q["label"] for q in glossary}}
    known["quantities"] = page_assumptions.quantities(known["glossary"], known["themes"], claims, details, language)
    known["row_places"] = page_assumptions.places(known["themes"])
    known["with_page"] = {q["name"] for q in known["quantities"]}
    known["pages_of"] = {c["id"]: f"../claims/{c['id']}.html" for c in claims}
    known["kinds"] = {c["id"]: kind(c, known["labels"], _) for c in claims}
    return known


def _tests(backtests: Mapping[str, Any] | None, known: Mapping[str, Any], language: str) -> dict[str, Any] | None:
    """What the page of the back-tests says, where there are any."""
    if not backtests:
        return None
    rows = {page_assumptions.key(row): row for theme in known["themes"] for row in theme["rows"]}
    places = {key: place.removeprefix("../") for key, place in known["row_places"].items()}
    return page_backtests.told(backtests, rows, places, page_text.translate(language))


def kind(claim: Claim, labels: Mapping[str, str], _) -> str:
    """What a claim is about, for choosing among them: the quantity it prints, or that it is no single one.

    >>> kind({"kind": "quantity", "quantity": "training.usage_carbon"}, {"usage_carbon": "usage carbon"}, str)
    'usage carbon'
    >>> kind({"kind": "quantity", "quantity": "a.x ÷ b.y"}, {}, str), kind({"kind": "record", "quantity": "a/b"}, {}, str)
    ('ratio or sum', 'fact')
    """
    if claim["kind"] == "record":
        return _("fact")
    named = claim.get("quantity") or ""
    if named == "count":
        return _("count")
    if re.fullmatch(r"[a-z]+\.[a-z0-9_]+", named):
        name = named.partition(".")[2]
        return labels.get(name, views.title_of(name))
    return _("ratio or sum") if named else _("not recomputable")


def headline(printed: Sequence[Claim], _: Callable[[str], str] = str) -> str:
    """How many of the printed figures hold, in one sentence."""
    figures = [claim for claim in printed if claim["kind"] != "record"]
    if not figures:
        return _("No figure is printed that could be recomputed.")
    n, where = page_charts.counted(figures), len({claim["article"] for claim in figures})
    among = _("{all} figures in {articles} articles").format(all=n["all"], articles=where) if where > 1 else _("{all} figures in one article").format(all=n["all"])
    told = _("Of {among}, {hold} hold, {may} may hold, {not_} do not, and {open} cannot be recomputed.") if n["open"] else _("Of {among}, {hold} hold, {may} may hold, and {not_} do not.")
    return told.format(among=among, hold=n["hold"], may=n["may"], not_=n["not"], open=n["open"])


def _social(known: Mapping[str, Any], language: str) -> dict[str, Social]:
    """What links to the pages show elsewhere, by the page's name."""
    _ = page_text.translate(language)
    found = {"index": Social(known["headline"], alt=_("The figures by verdict, on a logarithmic scale of recomputed divided by printed."))}
    for claim in known["claims"]:
        told = views.reason(claim, _)
        alt = _("{printed} printed, {found} recomputed: {verdict}").format(printed=claim["printed"], found=claim["recomputed_text"], verdict=_(claim["verdict"]))
        found[f"claims/{claim['id']}"] = Social(f"{_(claim['verdict']).capitalize()}. {told}", claim["id"], alt)
    for article in known["articles"]:
        tally = ", ".join(so_many(verdict, number) for verdict, number in views.by_verdict(article["claims"]))
        found[f"articles/{article['slug']}"] = Social(_("Its claims recomputed: {tally}.").format(tally=tally))
    found |= {"backtests": Social(known["tests"]["headline"])} if known["tests"] else {}
    for quantity in known["quantities"]:
        found[f"assumptions/{quantity['name']}"] = Social(quantity["definition"])
    return found
