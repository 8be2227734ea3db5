"""The static site: executed notebooks, claims and data in, HTML that needs no network out.

Each language has a folder of its own (``build/site/en``), with what they share beside it and a
front door to them. Sources are written beside the output (``build/site-src/en``) by filling the
templates of ``site/pages``; Sphinx with MyST-NB turns them into HTML. A source is rewritten only
when it differs, and when nothing at all differs Sphinx is not even started.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recount import language as spoken, page_check, page_course, page_data, page_finish, page_social, page_sources, page_text
from recount.errors import RecountError
from recount.page_sources import Sources
from recount.page_text import SITE
from recount.project import write_whole

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def build(
    results: list[dict[str, Any]], notebooks: list[Path], out: Path, *, details: Mapping[str, Any] | None = None, language: str = "en", base_url: str = "",
    beside: Sequence[str] = (), backtests: Mapping[str, Any] | None = None,
) -> Path:
    """Build the site in one language into *out* and return its front door.

    Parameters
    ----------
    results : the claims as ``recount claims --json`` prints them.
    notebooks : the executed notebooks, one page each.
    out : the folder of the HTML; sources and Sphinx's memory stand beside it.
    details : what the claims' pages show beside that, as :func:`recount.page_claims.kept` computes it.
    language : of the pages; those of others that stand in *out* stay.
    base_url : the address that the site will have, for what must name whole addresses; left out where it is unknown.
    beside : other languages of the site, to which each page leads; :func:`together` checks that it gets there.
    backtests : what their page shows, as :func:`recount.page_backtests.kept` computes it; without it there is no such page.

    Raises
    ------
    RecountError : Sphinx found a fault, such as an unknown formula; a link leads nowhere; the address is none.
    """
    out, base_url = Path(out).resolve(), address(base_url)
    if (out / "searchindex.js").is_file():
        shutil.rmtree(out)  # pages of before the languages had folders of their own: nothing would ever remove them
    source, memory, home = (out.with_name(f"{out.name}{ending}") / language for ending in ("-src", "-doctrees", ""))
    with spoken.speaking(language):
        made = page_sources.sources(results, notebooks, details, language, base_url, backtests)
    files = {f"downloads/{name}": content for name, content in page_data.downloads(notebooks).items()}
    files |= page_course.files(language, {other: page_finish.NAMES[other] for other in beside})
    removed = _write(made.pages, source)
    stamp, machinery = memory / "stamp.json", _digest(_machinery(language))
    social = json.dumps({name: vars(one) for name, one in made.social.items()}, sort_keys=True).encode()
    now = {"machinery": machinery, "pages": _digest({**made.pages, **files, "social": social, "base": f"{base_url} {beside}".encode()})}
    before = json.loads(stamp.read_text(encoding="utf-8")) if stamp.is_file() else {}
    if before == now and (home / "index.html").is_file() and (out / "index.html").is_file():
        return out / "index.html"
    stamp.unlink(missing_ok=True)  # without it the next run reads everything anew: a fault is found again
    for page in removed:
        (home / page).with_suffix(".html").unlink(missing_ok=True)
    _sphinx(source, home, memory, before.get("machinery") != machinery, made, language, base_url, beside)
    shutil.rmtree(out / "jupyter_execute", ignore_errors=True)  # copies of the notebooks that MyST-NB leaves; downloads/ has them
    for folder in ("downloads", "course"):
        shutil.rmtree(home / folder, ignore_errors=True)
    for name, content in files.items():
        write_whole(home / name, content)
    with spoken.speaking(language):
        _pictures(made, home / "social", language)
    page_finish.share(out, language)
    door = page_finish.front_door(out, base_url, made.headline)
    page_check.check(out, home, beside)
    stamp.write_text(json.dumps(now), encoding="utf-8")
    return door


def together(out: Path, languages: Sequence[str]) -> None:
    """Check that every page has its like in each language.

    Raises
    ------
    RecountError : names the first page that has none.
    """
    found = {language: {path.relative_to(out / language).as_posix() for path in (out / language).rglob("*.html")} for language in languages}
    for language, other in itertools.permutations(languages, 2):
        if alone := sorted(found[language] - found[other]):
            raise RecountError(f"{language}/{alone[0]} has no like in {other}: 'recount site' renders all languages together.")


def address(text: str) -> str:
    """The address that a site will have, with its last stroke; empty where none is given.

    >>> address("https://example.org/recount"), address("")
    ('https://example.org/recount/', '')
    """
    if text and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise RecountError(f"--base-url '{text}' is no address: write it whole, such as https://example.org/recount.")
    return f"{text.rstrip('/')}/" if text else ""


def _pictures(made: Sources, folder: Path, language: str) -> None:
    """The pictures that go with links, drawn where what they show has changed."""
    _, set_ = page_text.translate(language), page_finish.typeset if language == "fr" else str
    wanted = {"front": ([made.headline, [(c["ratio"], c["verdict"]) for c in made.printed]], lambda: page_social.of_front(made.headline, made.printed))}
    for claim in made.claims:
        shown = [claim["statement"], claim["printed"], claim["recomputed_text"], claim["verdict"], made.articles[claim["article"]]]
        wanted[claim["id"]] = (shown, lambda claim=claim: page_social.of_claim({**claim, "statement": set_(claim["statement"])}, set_(made.articles[claim["article"]]), _))
    drawn = hashlib.sha256(Path(page_social.__file__).read_bytes()).hexdigest()
    known = folder / "drawn.json"
    before = json.loads(known.read_text(encoding="utf-8")) if known.is_file() else {}
    now = {name: hashlib.sha256(f"{drawn}{json.dumps(shown)}".encode()).hexdigest() for name, (shown, _draw) in wanted.items()}
    for path in folder.glob("*.png") if folder.is_dir() else ():
        if path.stem not in now:
            path.unlink()
    for name, (_shown, draw) in wanted.items():
        if before.get(name) != now[name] or not (folder / f"{name}.png").is_file():
            write_whole(folder / f"{name}.png", draw())
    write_whole(known, json.dumps(now, indent=0, sort_keys=True))


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


def _machinery(language: str) -> dict[str, bytes]:
    """What shapes every page: settings, templates, styles, and the versions of the tools."""
    from importlib.metadata import version

    files = {str(p): p.read_bytes() for p in SITE.rglob("*") if p.is_file() and "__pycache__" not in p.parts and "pages" not in p.parts and "locale" not in p.parts}
    files |= {path.name: path.read_bytes() for path in (Path(__file__), Path(page_finish.__file__), page_text.catalogue(language)) if path.is_file()}
    return files | {tool: version(tool).encode() for tool in ("sphinx", "furo", "myst-nb", "docutils")}


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return whole.hexdigest()


def _sphinx(source: Path, out: Path, memory: Path, fresh: bool, made: Sources, language: str, base_url: str, beside: Sequence[str]) -> None:
    """Run Sphinx quietly; its first warning is the error."""
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.locale import translators
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warnings, problem = io.StringIO(), ""
    social = {name: vars(one) for name, one in made.social.items()}
    context = {"social": social, "home": f"{base_url}{language}/" if base_url else "", "others": [(one, page_finish.NAMES[one]) for one in beside], "own_name": page_finish.NAMES[language], **page_text.frame(language)}
    settings = {"language": language, "html_context": context, "html_baseurl": context["home"]}
    translators.clear()  # Sphinx keeps what an earlier build read, of another language too
    try:
        with patch_docutils(SITE), docutils_namespace():
            app = Sphinx(source, SITE, out, memory, "html", settings, status=None, warning=warnings, freshenv=fresh)
            app.build(force_all=True)  # every page shows all titles in its menu; reading stays incremental
    except SphinxError as error:
        problem = str(error)
    told = [line for line in _ESCAPES.sub("", warnings.getvalue()).splitlines() if line.strip()]
    if problem or told:
        first = (problem or told[0]).replace(f"{source}/", "")
        raise RecountError(f"the pages were not built: {first}" + (f" ({len(told) - 1} more)" if len(told) > 1 else ""), told)
