"""What is done to the pages after Sphinx: shared files stand once for all languages, and a front door leads to each."""

from __future__ import annotations

import html
import re
from pathlib import Path

from recount import page_text
from recount.language import THIN
from recount.project import write_whole

NAMES = {"en": "English", "fr": "Français"}
_OF_ONE_LANGUAGE = ("documentation_options.js", "language_data.js", "translations.js")
_STATIC = re.compile(rf"""((?:href|src|data-model)=")((?:\.\./)*)(_static/(?!{"|".join(map(re.escape, _OF_ONE_LANGUAGE))}))""")
# Code, scripts and drawings' styles as one piece, each tag as another, and the text between them.
_UNTOUCHED = re.compile(r"(<(?:pre|code|script|style|template|math)\b.*?</(?:pre|code|script|style|template|math)>)|(<[^>]+>)|[^<]+", re.DOTALL)
_TITLE, _INVERTED = re.compile(r"<h1>[^<]*"), re.compile(r"(?<=\w)-(?=(?:t-)?(?:ils?|elles?|on|nous|vous)\b)")  # no line ends in « faut- »
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])(?:'|&#39;|&#x27;)(?=\w)")
_DESCRIBED = re.compile(r'<meta name="description" content="([^"]*)">')
_WITHIN = re.compile(r"(?<=[^\s>])[ \u00a0](?=[;:!?»%](?:[\s.,)<]|$))|(?<=«)[ \u00a0]|(?<=\d)[ \u00a0](?=\d{3}\b)")
_EMPTY_HEAD = re.compile(r"<th\b[^>]*>(?:<p></p>)?</th>")
_TOGGLES = re.compile(r"""((?:<input type="checkbox" class="sidebar-toggle"[^>]*>\s*){2})""")
_DOOR = """<!doctype html>
<html lang="{first}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>recount</title>
{head}<link rel="icon" href="_static/favicon.svg">
<style>
body {{ font: 1.25rem/1.5 Charter, Georgia, serif; max-width: 34em; margin: 12vh auto; padding: 0 1.2rem; background: #fffdfa; color: #22201c; }}
a {{ color: #1d5f7a; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181a; color: #dcdedc; }} a {{ color: #8fc7de; }} }}
</style>
</head>
<body>
<h1>recount</h1>
{links}
</body>
</html>
"""


def share(out: Path, language: str) -> None:
    """Move what all languages share to one place beside them, and lead the pages of one language there."""
    home, shared = out / language, out / "_static"
    for path in home.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(mended(spoken(_STATIC.sub(r"\1\2../\3", text), language)), encoding="utf-8")
    for path in [p for p in (home / "_static").rglob("*") if p.is_file()]:
        name = path.relative_to(home / "_static")
        if name.as_posix() not in _OF_ONE_LANGUAGE:
            write_whole(shared / name, path.read_bytes())
            path.unlink()
    for folder in sorted((p for p in home.rglob("*") if p.is_dir() and not any(p.iterdir())), reverse=True):
        folder.rmdir()


def spoken(text: str, language: str) -> str:
    """A page in which the theme speaks the page's language too, and French has its apostrophes.

    >>> spoken('<a aria-label="Back to top"></a>', "fr")
    '<a aria-label="Haut de page"></a>'
    """
    if language == "en":
        return text
    for english, told in page_text.of_theme(language).items():
        text = text.replace(f'aria-label="{english}', f'aria-label="{told}')
        text = re.sub(rf">(\s*){re.escape(english)}(\s*)<", lambda m, t=told: f">{m[1]}{t}{m[2]}<", text)
    text = _TITLE.sub(lambda m: _INVERTED.sub("\u2011", m[0]), text)
    return _UNTOUCHED.sub(lambda m: m[0] if m[1] or m[2] else typeset(m[0]), text)


def typeset(text: str) -> str:
    """A French text with its apostrophes, and narrow spaces before high punctuation and within numbers.

    >>> typeset("l'eau : 700 000 L ?")
    'l’eau\u202f: 700\u202f000 L\u202f?'
    """
    return _WITHIN.sub(THIN, _APOSTROPHE.sub("’", text))


def mended(text: str) -> str:
    """A page without what keeps it from a reader who hears it: headings without a level, empty heads, controls outside any landmark.

    >>> mended('<p class="caption" role="heading">x</p><th></th>')
    '<p class="caption" role="heading" aria-level="2">x</p><td></td>'
    """
    text = text.replace('class="caption" role="heading">', 'class="caption" role="heading" aria-level="2">')
    text = _EMPTY_HEAD.sub("<td></td>", text)
    return _TOGGLES.sub(r'<nav class="toggles" aria-label="recount">\1</nav>', text, count=1)


def front_door(out: Path, base_url: str = "", told: str = "") -> Path:
    """Write the page that stands before the languages: what each says and a link to it; where there is one language, straight on to it.

    Parameters
    ----------
    base_url : the address of the site, where it is known, for whoever shows links to it.
    told : what such a link says.
    """
    built = [language for language in NAMES if (out / language / "index.html").is_file()]
    shown = {one: _DESCRIBED.search((out / one / "index.html").read_text(encoding="utf-8")) for one in built}
    links = "\n".join(
        f'<p lang="{one}">{shown[one][1] if shown[one] else ""}<br><a href="{one}/index.html" hreflang="{one}">{NAMES[one]}</a></p>' for one in built
    )
    head = "".join(f'<meta {kind}="{name}" content="{html.escape(text)}">\n' for kind, name, text in _tags(built[0], base_url, told))
    head += f'<meta http-equiv="refresh" content="0; url={built[0]}/index.html">\n' if len(built) == 1 else ""
    canonical = f'<link rel="canonical" href="{base_url}{built[0]}/index.html">\n' if base_url else ""
    write_whole(out / "index.html", _DOOR.format(first=built[0], head=head + canonical, links=links))
    return out / "index.html"


def _tags(language: str, base_url: str, told: str) -> list[tuple[str, str, str]]:
    tags = [("name", "description", told), ("property", "og:type", "website"), ("property", "og:title", "recount"), ("property", "og:description", told)]
    if base_url:
        picture = f"{base_url}{language}/social/front.png"
        tags += [("property", "og:url", f"{base_url}index.html"), ("property", "og:image", picture), ("name", "twitter:card", "summary_large_image")]
    return [tag for tag in tags if tag[2]]
