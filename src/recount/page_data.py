"""What the pages read from ``data/`` and from rows of one's own."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from recount import own_register, page_views as views
from recount.language import of_data
from recount.page_views import Claim, Source
from recount.vocabulary import data_folder

PACKAGE = "recount-data.zip"


def articles(claims: list[Claim], data: Path, language: str = "en") -> list[dict[str, Any]]:
    """The articles in the register's order, each with its claims; one without a claim has no page."""
    own = own_register.register()
    told = toml(data / "claims.toml").get("article", {}) | (toml(own).get("article", {}) if own else {})
    articles = []
    for slug in dict.fromkeys([*told, *(claim["article"] for claim in claims)]):
        entry, own = told.get(slug, {}), [claim for claim in claims if claim["article"] == slug]
        about = {"title": (language != "en" and entry.get(f"name_{language}")) or entry.get("name") or views.title_of(slug), "published": entry.get("published", ""), "source": entry.get("source", "")}
        about["ours"] = bool(entry.get("ours", False))
        if own:
            articles.append({"slug": slug, "claims": own, **about})
    return articles


def themes(data: Path, _: Callable[[str], str] = str) -> list[dict[str, Any]]:
    package = data / "datapackage.json"
    told = {r.get("path"): r for r in json.loads(package.read_text(encoding="utf-8")).get("resources", [])} if package.is_file() else {}
    themes = []
    for path in sorted((data / "assumptions").glob("*.csv")):
        resource = told.get(f"assumptions/{path.name}", {})
        title = of_data(resource.get("title") or views.title_of(path.stem))
        themes.append({"stem": path.stem, "file": path.name, "title": title, "about": resource.get("description", ""), "rows": read(path)})
    for name, path in own().items():
        if path.suffix == ".csv":
            about = _("Beside the rows of recount: rows of the register that these pages show.")
            title = _("Own rows: {name}").format(name=views.title_of(path.stem))
            themes.append({"stem": name.removesuffix(".csv"), "file": name, "title": title, "about": about, "rows": read(path)})
    return themes


def own() -> dict[str, Path]:
    """The files of a register and rows of one's own, by the names they are downloaded under."""
    return {f"own-{views.slug(path.stem)}{path.suffix}": path for path in own_register.files()}


def sources(data: Path) -> dict[str, Source]:
    found = views.bibliography(data / "sources.bib")
    for path in own().values():
        found |= views.bibliography(path) if path.suffix == ".bib" else {}
    return dict(sorted(found.items(), key=lambda item: item[1].label.casefold()))


def scenario(path: Path, language: str = "en") -> dict[str, str]:
    table = toml(path)
    table["description"] = of_data(table.get("description", "")) if language != "en" else table.get("description", "")
    table |= {name: table[f"{name}_{language}"] for name in ("title", "description") if f"{name}_{language}" in table}
    return {"name": path.stem, "title": table.get("title", path.stem), "description": table.get("description", ""), "text": path.read_text(encoding="utf-8").strip()}


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def uses(everything: dict[str, Any], _: Callable[[str], str] = str) -> dict[str, list[tuple[str, str, int]]]:
    """Where each source is used: page, title and how many rows of it."""
    uses: dict[str, dict[tuple[str, str], int]] = {}
    tables = [(f"data/{t['stem']}.html", t["title"], t["rows"]) for t in everything["themes"]]
    for page, title, rows in [*tables, ("records.html", _("Records"), everything["records"])]:
        for row in rows:
            count = uses.setdefault(row["source"], {})
            count[page, title] = count.get((page, title), 0) + 1
    return {key: [(*where, n) for where, n in found.items()] for key, found in uses.items()}


def backtests(data: Path) -> dict[str, Path]:
    """The lists of runs and measurements, by the names they are downloaded under."""
    return {f"backtest-{path.name}": path for path in (data / "backtests").glob("*.csv")}


def downloads(notebooks: Iterable[Path]) -> dict[str, bytes]:
    """Every file that a page offers for download, by its name."""
    data = data_folder()
    files = [*sorted((data / "assumptions").glob("*.csv")), data / "records.csv", data / "quantities.csv", data / "sources.bib", *sorted(notebooks)]
    named = {path.name: path for path in files} | backtests(data) | own()
    return {name: path.read_bytes() for name, path in named.items() if path.is_file()} | {PACKAGE: package(data)} | by_quantity(data)


def by_quantity(data: Path) -> dict[str, bytes]:
    """The rows of each quantity from all tables as one CSV."""
    found: dict[str, list[dict[str, str]]] = {}
    for theme in themes(data):
        for row in theme["rows"]:
            found.setdefault(row["name"], []).append(row)
    texts = {}
    for name, rows in found.items():
        writer = csv.DictWriter(text := io.StringIO(), list(rows[0]), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        texts[f"assumptions/{name}.csv"] = text.getvalue().encode()
    return texts


def package(data: Path) -> bytes:
    """The whole data package as a zip; the same data give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in data.rglob("*") if path.is_file() and path.suffix in (".csv", ".json", ".toml", ".bib")):
            about = zipfile.ZipInfo(f"recount-data/{path.relative_to(data).as_posix()}", (1980, 1, 1, 0, 0, 0))
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(about, path.read_bytes())
    return buffer.getvalue()


def edition(data: Path) -> str:
    """The day up to which sources were read: what a citation names."""
    rows = [row for path in (*(data / "assumptions").glob("*.csv"), data / "records.csv") for row in read(path)]
    return max((row["read_on"] for row in rows), default="")


def version() -> str:
    """The version of recount, from the installed package or the checkout."""
    from importlib.metadata import PackageNotFoundError, version as installed

    try:
        return installed("recount")
    except PackageNotFoundError:
        return toml(Path(__file__).resolve().parents[2] / "pyproject.toml").get("project", {}).get("version", "")
