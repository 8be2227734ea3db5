"""What must hold of the finished pages: every link leads somewhere, and nothing is loaded from another place."""

from __future__ import annotations

import html
import os
import re
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

from recount.errors import RecountError

_LOADS = {
    ("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("object", "data"), ("image", "href"),
    ("use", "href"), ("video", "src"), ("audio", "src"), ("embed", "src"), ("track", "src"),
}  # fmt: skip
_TOLD = ("canonical", "alternate")  # relations of a link element that no browser follows
_TAG = re.compile(r"<(a|area|script|img|link|iframe|source|object|image|use|video|audio|embed|track|form|input)\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_ID = re.compile(r"""\sid\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_URL = re.compile(r"""(?:url\(|@import(?!\s+url))\s*['"]?([^'");]+)""")
_COMMENT, _DATA = re.compile(r"<!--.*?-->", re.DOTALL), re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")


def check(site: Path, within: Path | None = None, beside: Sequence[str] = ()) -> None:
    """Raise unless every link, anchor and loaded file of the pages is there.

    Parameters
    ----------
    site : the folder that must be whole by itself.
    within : the part of it whose pages are read; all of it by default.
    beside : folders of it that may still be made; links into them are not followed.

    Raises
    ------
    RecountError : names the first page and what it leads to.
    """
    problems = faults(site, within, beside)
    if problems:
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        raise RecountError(f"the pages were not built whole: {problems[0]}{more}", problems)


def faults(site: Path, within: Path | None = None, beside: Sequence[str] = ()) -> list[str]:
    """Every link that leads nowhere and every load from another place, as sentences without an end."""
    site = Path(site).resolve()
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(Path(within or site).resolve().rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        for target in page.loads:
            split = urllib.parse.urlsplit(target)
            if split.scheme == "data":
                continue
            if split.scheme or split.netloc:
                found.append(f"{name} loads {target}, which is not part of the site")
            elif not _file(path, split.path).is_file():
                found.append(f"{name} loads {target}, which is not there")
        for target in page.links:
            if any(site / folder in _file(path, urllib.parse.urlsplit(target).path).parents for folder in beside):
                continue
            if problem := _problem(path, target, pages, site):
                found.append(f"{name} leads to {target}, {problem}")
    for path in sorted(site.rglob("*.css")):
        for target in _URL.findall(path.read_text(encoding="utf-8")):
            if re.match(r"(?:[a-z]+:)?//", target):
                found.append(f"{path.relative_to(site).as_posix()} loads {target}, which is not part of the site")
    return found


def _problem(path: Path, target: str, pages: dict[Path, _Page], site: Path) -> str:
    split = urllib.parse.urlsplit(target)
    if split.scheme or split.netloc:
        return ""
    where, anchor = _file(path, split.path), urllib.parse.unquote(split.fragment)
    if site not in where.parents:
        return "which lies outside the site"
    if not where.is_file():
        return "which is not there"
    if anchor and where.suffix == ".html":
        page = pages.get(where) or pages.setdefault(where, _Page(where.read_text(encoding="utf-8")))
        return "" if anchor in page.ids else "an anchor that is not there"
    return ""


def _file(page: Path, target: str) -> Path:
    return Path(os.path.normpath(page.parent / urllib.parse.unquote(target))) if target else page


class _Page:
    """What one page loads, where it links, and its anchors; read by patterns, since a page of pictures takes a parser seconds."""

    def __init__(self, text: str):
        text = _DATA.sub("data:", _COMMENT.sub("", text))
        bare = re.sub(r"<(script|style)\b([^>]*)>.*?</\1>", r"<\1\2></\1>", text, flags=re.DOTALL | re.IGNORECASE)
        self.ids = {html.unescape(a or b) for a, b in _ID.findall(bare)}
        self.links: list[str] = []
        self.loads = [u for style in re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL) for u in _URL.findall(style)]
        self.loads += [u for style in re.findall(r"""\sstyle="([^"]*)\"""", bare) for u in _URL.findall(html.unescape(style))]
        for tag, attributes in _TAG.findall(bare):
            tag = tag.lower()
            given = {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(attributes)}
            if tag in ("a", "area") and given.get("href"):
                self.links.append(given["href"])
            elif tag == "form" and given.get("action"):
                self.links.append(given["action"])
            elif tag == "link" and given.get("rel", "").lower() in _TOLD:
                continue
            self.loads += [given[name] for known, name in _LOADS if known == tag and given.get(name) and not given[name].startswith("#")]
            self.loads += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]
