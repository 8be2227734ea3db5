"""A small world of claims, rows and notebooks, and what a browser takes from its pages."""

from __future__ import annotations

import html.parser
import os
import re
import urllib.parse
from pathlib import Path

import nbformat

from recount import page_views
from recount.project import CLAIM_MIME

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="120"><path d="M10 110 110 60 210 80 310 10" fill="none" stroke="#1d5f7a" stroke-width="3"/></svg>'
CLAIMS = [  # id, article, verdict, printed, recomputed, low, high
    ("gpt-3-energy", "mistral-7b-footprint", "reproduced", "1,287 MWh", 1289.4, 1285.0, 1291.0),
    ("mistral-7b-energy", "mistral-7b-footprint", "plausible", "about 500 MWh", 430.0, 120.0, 900.0),
    ("mistral-7b-carbon", "mistral-7b-footprint", "undecided", "64 tCO2e", 50.0, 2.0, 900.0),
    ("nlp-284-t", "mistral-7b-footprint", "misattributed", "284 tCO2e", 0.03, 0.02, 0.05),
    ("gemini-water", "mistral-7b-footprint", "not reproduced", "700,000 L", 5.4e6, 4.1e6, 7.0e6),
    ("open-source-survey", "mistral-open-source", "not recomputable", "68 %", None, None, None),
    ("mistral-7b-licence", "mistral-profile", "confirmed", "Apache-2.0", None, None, None),
    ("codestral-licence", "mistral-profile", "refuted", "Apache-2.0", None, None, None),
    ("norm-partners", "mistral-7b-footprint", "untraced", "Amazon", None, None, None),
]
DATA = {
    "quantities.csv": """name,unit,minimum,maximum,scope,label,label_fr,definition,counted
energy_per_parameter_token,pJ/parameter/token,0,,,energy per parameter-token (ε),énergie par paramètre-jeton (ε),"Electricity per active parameter and token, <before> PUE.",
pue,1,1,,,power usage effectiveness,indicateur d'efficacité énergétique,Energy of the building over that of the computers.,
training_compute,FLOP,0,,,training compute,calcul d'entraînement,Floating-point operations of one run.,
grid_intensity,gCO2e/kWh,0,2000,life-cycle,grid intensity (g),intensité du réseau (g),Greenhouse gases per kilowatt-hour.,
""",
    "assumptions/grids.csv": """context,name,scope,value,low,high,distribution,unit,source,locator,derivation,strength,confirmed,published,read_on,review_by
grid:FRA-2024,grid_intensity,life-cycle,56.04,,,point,gCO2e/kWh,ember2025,"column carbon_intensity_elec, FRA 2024",Production mix.,standard,read,2025-05,2026-11-21,2027-12-31
grid:FRA-2024,grid_intensity,direct,20.1,18.5,22,normal,gCO2e/kWh,ember2025,table 3,,standard,read,2025-05,2026-11-21,2027-12-31
""",
    "assumptions/training_runs.csv": """context,name,scope,value,low,high,distribution,unit,source,locator,derivation,strength,confirmed,published,read_on,review_by
run:gpt-3,training_compute,,3.14e23,,,point,FLOP,patterson2021,"Table 4, GPT-3 column",,declared,read,2021-04,2026-11-21,2031-12-31
""",
    "records.csv": """context,name,value,source,locator,note,strength,confirmed,published,read_on,review_by
model:codestral,licence,MNPL-0.1,patterson2021,page 1,Non-production licence.,declared,read,2024-05-29,2026-11-21,2031-12-31
model:mistral-7b,licence,Apache-2.0,patterson2021,page 1,,declared,read,2023-09-27,2026-11-21,2031-12-31
norm:ieee,partners,,patterson2021,page 1,Looked for and none found.,declared,read,2025,2026-11-21,2031-12-31
""",
    "claims.toml": """version = 1
[article.mistral-7b-footprint]
name = "Mistral & the footprint of AI"
name_fr = "Mistral et l'empreinte de l'IA"
published = "2025"
source = "ember2025"
""",
    "scenarios/french-grid.toml": 'title = "French grid"\ntitle_fr = "Réseau français"\ndescription = "Everything runs in France."\n\n[assumptions]\ngrid_intensity = "56 gCO2e/kWh"\n',
    "sources.bib": r"""@misc{ember2025, title = {Yearly Electricity Data: 5\% \& more}, author = {{Ember} and {Our World in Data}}, year = {2025}, url = {https://github.com/owid/energy-data}, urldate = {2026-11-21}, note = {Licence: CC BY 4.0}}
@article{patterson2021, title = {Carbon Emissions and Large Neural Network Training}, author = {Patterson, David and Gonzalez, Joseph and Le, Quoc}, journal = {arXiv}, year = {2021}, doi = {10.48550/arXiv.2104.10350}, urldate = {2026-11-21}, note = {Licence: CC BY 4.0}}
""",
}


def claim(identifier: str, article: str, verdict: str, printed: str, found: float | None, low: float | None, high: float | None) -> dict:
    """A claim as ``recount claims --json`` prints it."""
    record = verdict in ("confirmed", "refuted", "untraced")
    number = None if record else float(re.sub(r"[^\d.]", "", printed.split(" ")[-2]))
    route = {"title_fr": "", "quantity": "training.facility_energy", "recomputed": found, "low": low, "high": high, "given": [], "ratio": found and found / number}
    routes = [route | {"name": "declared", "title": "declared power & hours", "independent": False}, route | {"name": "epsilon", "title": "ε of the chip", "independent": True}]
    told = None if found is None else page_views.figure(found, printed.split(" ")[-1], 4)
    facts = {"codestral-licence": ("model:codestral/licence", "MNPL-0.1"), "mistral-7b-licence": ("model:mistral-7b/licence", "Apache-2.0"), "norm-partners": ("norm:ieee/partners", "none found")}
    return {
        "schema_version": 1, "id": identifier, "kind": "record" if record else "quantity" if found else "not-recomputable", "article": article,
        "statement": f"The article prints {printed} for <{identifier}>, as if $x_1$ were *known*.", "statement_fr": "…", "printed": printed, "published": number,
        "recomputed_text": facts[identifier][1] if record else told or "–", "interval_text": f"{low:,.0f} to {high:,.0f}" if found and found > 1 else "",
        "relation": "equals", "unit": None if record else printed.split(" ")[-1].replace("%", "percent"), "recomputed": found, "low": low, "high": high,
        "ratio": found and found / number, "verdict": verdict, "route": "declared" if found else None, "independent": 1, "traced": "patterson2021" if found else None,
        "quantity": facts[identifier][0] if record else "training.facility_energy", "notebook": "99_scoreboard" if record else "02_training_energy",
        "boundary": "energy at the meter, PUE included", "note": "Read as one training run, unlike gemini-water.", "because": "it starts from what the run declares.", "condition": None,
        "needs": "The questionnaire and the sample." if verdict == "not recomputable" else None, "searched": None if found else "the web (2026-11-21)", "problem": None,
        "found": facts[identifier][1] if record else None, "routes": routes if found else [],
        "actually": {"statement": "It belongs to an architecture search.", "statement_fr": "…", "holds": True, "recomputed": 284.0, "unit": "tCO2e", "record": None} if verdict == "misattributed" else None,
    }  # fmt: skip


RESULTS = [claim(*entry) for entry in CLAIMS]


def notebook(title: str, claims: list[dict]) -> nbformat.NotebookNode:
    """A small executed notebook: formulas, a table, a picture, and one section a claim."""
    new = nbformat.v4
    comparison = "<table><thead><tr><th>printed</th><th>recomputed</th></tr></thead><tbody><tr><td>1,287 MWh</td><td>patterson2021, Table 4</td></tr></tbody></table>"
    cells = [
        new.new_markdown_cell(f"# {title}\n\nIn text, $\\varepsilon = 1{{,}}287\\ \\mathrm{{pJ}}$, and displayed\n\n$$\nE_\\mathrm{{IT}} = \\underbrace{{6}}_{{\\text{{FLOP}}}} \\cdot \\frac{{N \\cdot D}}{{\\eta}}\n$$"),
        new.new_code_cell("import recount", execution_count=1),
        new.new_code_cell("draw()", execution_count=2, outputs=[new.new_output("display_data", {"image/svg+xml": PICTURE, "text/plain": "<Figure>"}, metadata={"image/svg+xml": {"alt": "A line that falls and rises."}})]),
        new.new_code_cell("draw()", execution_count=3, outputs=[new.new_output("display_data", {"image/svg+xml": PICTURE, "text/plain": "<Figure>"})]),
        new.new_markdown_cell("The same line, told by its *caption*.\n\nA second paragraph."),
    ]  # fmt: skip
    for one in claims:
        data = {"text/html": comparison, "text/plain": "…", CLAIM_MIME: one}
        cells += [
            new.new_markdown_cell(f"## {one['id']}: {one['printed']}\n\nWhat the article says; see [the electricity](02_training_energy.ipynb)."),
            new.new_code_cell(f'study.claim("{one["id"]}")', execution_count=4),
            new.new_markdown_cell("### Step by step"),
            new.new_code_cell(f'study.compare("{one["id"]}")', execution_count=4, outputs=[new.new_output("display_data", data)]),
            new.new_code_cell("study.check()", execution_count=5, metadata={"tags": ["nbval-check-output"]}, outputs=[new.new_output("stream", text=f"{one['id']}: {one['verdict']}\n")]),
        ]
    return new.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}})


def world(folder: Path) -> list[Path]:
    """Write the small world's data and notebooks; return the notebooks."""
    for name, text in DATA.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    told = [c for c in RESULTS if c["notebook"] == "02_training_energy"]
    paths = []
    for stem, title, claims in (("02_training_energy", "How much electricity does training take?", told), ("99_scoreboard", "What holds?", RESULTS)):
        paths.append(folder / f"{stem}.ipynb")
        nbformat.write(notebook(title, claims), paths[-1])
    return paths


class Page(html.parser.HTMLParser):
    """What a browser takes from one page: what it loads, where it links, its anchors and text."""

    LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("object", "data"), ("image", "href"), ("use", "href"), ("video", "src"), ("form", "action")}
    LEADS = ("alternate", "canonical", "index", "next", "prev", "search")  # a link that a browser does not load

    def __init__(self, path: Path):
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.alternatives: list[str] = []
        self.text = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        led = tag == "link" and (given.get("rel") or "") in self.LEADS
        self.loads += [value for name, value in attributes if (tag, name) in self.LOADS and value and not led]
        self.loads += [part.split()[0] for part in (given.get("srcset") or "").split(",") if part.strip()]
        self.loads += re.findall(r"url\(\s*['\"]?([^'\")]+)", given.get("style") or "")
        self.links += [given["href"]] if (tag == "a" or led) and given.get("href") else []
        self.ids += [given["id"]] if given.get("id") else []
        self.alternatives += [given.get("alt") or ""] if tag == "img" else []

    def handle_data(self, data):
        self.text += data


def outside(folder: Path) -> list[str]:
    """Everything that a page, a style or a script would fetch from another place."""
    found = []
    for path in folder.rglob("*.html"):
        page = Page(path)
        styles = re.findall(r"<style[^>]*>(.*?)</style>", page.source, re.DOTALL)
        wanted = page.loads + [u for style in styles for u in re.findall(r"(?:url\(|@import(?! url))\s*['\"]?([^'\");]+)", style)]
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page.source, re.DOTALL)
        wanted += [u for script in scripts for u in re.findall(r"['\"](https?://[^'\"]+)", script)]
        found += [f"{path.name}: {url}" for url in wanted if re.match(r"(?:[a-z]+:)?//", url) and not url.startswith("data:")]
    for path in folder.rglob("*.css"):
        urls = re.findall(r"(?:url\(|@import(?! url))\s*['\"]?([^'\");]+)", path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {url}" for url in urls if re.match(r"(?:[a-z]+:)?//", url)]
    for path in folder.rglob("*.js"):
        calls = re.findall(r"(?:fetch|import|importScripts)\(\s*['\"`](https?:[^'\"`]+)|\.src\s*=\s*['\"`](https?:[^'\"`]+)", path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {''.join(call)}" for call in calls]
    return found


def broken(folder: Path) -> list[str]:
    """Every link within the site that leads to no file or no anchor."""
    read = {path: Page(path) for path in folder.rglob("*.html")}
    found = []
    for path, page in read.items():
        for link in page.links:
            split = urllib.parse.urlsplit(link)
            if split.scheme or split.netloc:
                continue
            target = Path(os.path.normpath(path.parent / urllib.parse.unquote(split.path))) if split.path else path
            anchor = urllib.parse.unquote(split.fragment)
            if not target.is_file() or anchor and target in read and anchor not in read[target].ids:
                found.append(f"{path.relative_to(folder)} → {link}")
    return found
