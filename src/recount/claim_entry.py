"""A claim from answers to its entry in a register: checked one by one, written whole, judged at once."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from recount import claims, explain, graph, own_register, recompute, register, register_file, validation
from recount.assumptions import _CONTEXT, _DATE, load, split_reference
from recount.claim_fields import FIELDS
from recount.claim_rows import Supply, advice
from recount.contexts import called
from recount.errors import RecountError, nearest
from recount.language import labelled, message, say
from recount.model import ROUTES
from recount.project import write_whole
from recount.units import read_number, read_quantity, read_unit
from recount.vocabulary import data_folder, kinds, quantities, spec
from recount.wording import label

Answers = dict[str, Any]
Ask = Callable[[str], str]
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOTEBOOK = re.compile(r"\w[\w.-]*")


def names() -> list[str]:
    """What an entry can be given by name."""
    return [field.name for field in FIELDS]


def new(given: Mapping[str, Any], independent: bool = False, ask: Ask | None = None) -> list[str]:
    """Write a claim into the register and tell its verdict, or which rows are missing.

    Parameters
    ----------
    given : parts of the entry by name (:func:`names`).
    ask : puts a question and returns the answer; without it what is missing is refused.

    Raises
    ------
    RecountError : an answer that does not fit, in one sentence; nothing is written then.
    """
    target = own_register.register() or data_folder() / "claims.toml"
    answers = _answers(given, ask)
    supply = _supply(answers) if answers.get("quantity") else None
    begun = target.read_text(encoding="utf-8-sig") if target.is_file() else f"# Claims of our own, beside those of recount.\n\nversion = {register_file.VERSION}\n"
    text = begun.rstrip() + "\n" + _entry(answers, independent)
    registers = [register_file.read(data_folder() / "claims.toml"), register_file.checked(text, target.name)]
    register.claims_of(registers if own_register.register() else registers[1:])
    write_whole(target, text)
    _forget()
    return [say("Claim '{id}' is written into {file}.", id=answers["id"], file=target.name), *_judged(answers["id"], supply), *advice(answers, supply, _sources())]


def _forget() -> None:
    for cached in (register_file.tables, register.articles, register.load, claims._recompute):
        cached.cache_clear()


def _judged(identifier: str, supply: Supply | None) -> list[str]:
    if supply and supply.unknown:
        one, many = message("No verdict yet: {names} has no rows."), message("No verdict yet: {names} have no rows.")
        return [say(one if len(supply.unknown) == 1 else many, names=", ".join(supply.unknown))]
    result = claims.recompute_claim(identifier)
    table = [explain.comparison(result).text(explain.WIDTH)] if result.figures else []
    return [*table, labelled(say("Verdict"), explain.sentence(result)), *explain.why(result)]


def _answers(given: Mapping[str, Any], ask: Ask | None) -> Answers:
    answers: Answers = {}
    missing = []
    for field in FIELDS:
        if field.name in given:
            answers[field.name] = _checked(field.name, given[field.name], answers)
        elif not _wanted(field.name, answers):
            continue
        elif ask and field.question:
            answers[field.name] = _asked(field, answers, ask)
        elif field.name == "id":
            answers["id"] = _checked("id", _own_id(answers), answers) if not missing else ""
        elif not field.optional and field.question:
            missing.append("--quantity (or --needs)" if field.name == "needs" else f"--{field.option}")
    if missing:
        raise RecountError(f"a claim needs {', '.join(missing)} too; in a terminal 'recount claim new' asks for each.")
    answers.setdefault("notebook", answers["id"].replace("-", "_"))
    return {name: value for name, value in answers.items() if value not in ("", [])}


def _asked(field, answers: Answers, ask: Ask) -> Any:
    hint = {"via": lambda: f" ({', '.join(_routes(answers))})", "id": lambda: f" [{_own_id(answers)}]"}.get(field.name, lambda: "")()
    while True:
        text = ask(f"{field.question}{hint}{', or nothing' if field.optional and not hint and 'empty' not in field.question else ''}: ").strip()
        if not text and field.name == "id":
            text = _own_id(answers)
        if not text and field.optional:
            return [] if field.many else ""
        try:
            if not text:
                raise RecountError("this one is needed.")
            return _checked(field.name, text.split(",") if field.many else text, answers)
        except RecountError as error:
            ask_again = str(error)
        print(f"  {ask_again}")


def _wanted(name: str, answers: Answers) -> bool:
    """Whether a field has a place in this entry at all."""
    new_article = answers.get("article") not in register.articles()
    if name in ("article_name", "article_name_fr", "article_published", "article_source"):
        return new_article
    return {
        "unit": lambda: not read_number(answers.get("printed", "1 x"))[1], "via": lambda: bool(answers.get("quantity")) and len(_routes(answers)) > 1,
        "given": lambda: bool(answers.get("quantity")), "needs": lambda: not answers.get("quantity"),
        "locator": lambda: bool(answers.get("source")), "searched": lambda: not answers.get("source"),
    }.get(name, lambda: True)()  # fmt: skip


def _routes(answers: Answers) -> list[str]:
    activity, _, name = answers["quantity"].partition(".")
    return [via for via in ROUTES[activity] if name in graph.graph(activity, via).names]


def _own_id(answers: Answers) -> str:
    words = f"{answers.get('article', '')}-{answers.get('quantity', '').partition('.')[2]}".lower()
    found = re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "claim"
    taken = register.load()
    return next(one for n in range(1, len(taken) + 2) if (one := found if n == 1 else f"{found}-{n}") not in taken)


def _checked(name: str, value: Any, answers: Answers) -> Any:
    """An answer as it goes into the entry, or one sentence on what is wrong with it."""
    texts = [one.strip() for one in (value if isinstance(value, list) else [value])]
    for text in texts:
        if re.search(r"[\x00-\x1f\x7f]|[\ud800-\udfff]", text):
            raise RecountError(f"--{name.replace('_', '-')}: line breaks and control characters have no place in it: write it in one line.")
    check = globals().get(f"_check_{name}")
    if isinstance(value, list):
        texts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
        return [check(text, answers) for text in texts]
    if not texts[0]:
        raise RecountError(f"--{name.replace('_', '-')} is empty: give it a text or leave it out.")
    return check(texts[0], answers) if check else texts[0]


def _check_article(text: str, answers: Answers) -> str:
    if text not in register.articles() and not _ID.fullmatch(text):
        raise RecountError(f"article '{text}' must be lower-case words joined by hyphens, such as {_slug(text) or 'evening-paper'}: {nearest(text, register.articles())}")
    return text


def _check_article_name(text: str, answers: Answers) -> str:
    if answers["article"] in register.articles():
        raise RecountError(f"article '{answers['article']}' is in the register already, as “{register.articles()[answers['article']].name}”: leave its name out.")
    return text


def _check_article_published(text: str, answers: Answers) -> str:
    if not _DATE.fullmatch(text):
        raise RecountError(f"'{text}' must be a date such as 2024-09-18, 2024-09 or 2024.")
    return text


def _check_printed(text: str, answers: Answers) -> str:
    number, unit = read_number(text)
    if unit:
        read_quantity(text, name="the printed figure")
    return text


def _check_unit(text: str, answers: Answers) -> str:
    if read_number(answers["printed"])[1]:
        raise RecountError(f"the unit is given twice: '{answers['printed']}' has one already.")
    read_unit(text)
    answers["printed"] = answers["printed"] if text == "1" else f"{answers['printed']} {text}"
    return text


def _check_relation(text: str, answers: Answers) -> str:
    text = text.replace(" ", "_").replace("-", "_")
    if text not in register.RELATIONS:
        raise RecountError(f"relation '{text}' is not known: {nearest(text, register.RELATIONS)}")
    return text


def _check_significant(text: str, answers: Answers) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 15:
        raise RecountError(f"--significant '{text}' must be a whole number from 1 to 15.")
    return int(text)


def _check_quantity(text: str, answers: Answers) -> str:
    activity, _, name = text.partition(".")
    if not name:
        having = [one for one in ROUTES if text in graph.names_of(one)]
        known = nearest(text, quantities()) if not having else f"write {' or '.join(f'{one}.{text}' for one in having)}."
        raise RecountError(f"quantity '{text}' must say of what, as in answer.usage_water: {known}")
    if activity not in ROUTES:
        raise RecountError(f"activity '{activity}' is not in the model: {nearest(activity, ROUTES)}")
    if name not in graph.names_of(activity):
        raise RecountError(f"{activity} has no '{name}': {nearest(name, graph.names_of(activity))}")
    unit = register.unit_text(answers.get("printed", "1"))
    told = "unit" in answers or read_number(answers.get("printed", "1"))[1]  # else its unit is still to be asked for
    if told and read_unit(unit).dimensionality != read_unit(spec(name).unit).dimensionality:
        raise RecountError(f"'{answers['printed']}' is no {label(name)}: {text} is measured in {spec(name).unit if spec(name).unit != '1' else 'no unit'}.")
    if "printed" in answers and read_number(answers["printed"])[0] < 0 and spec(name).minimum is not None and spec(name).minimum >= 0:
        raise RecountError(f"'{answers['printed']}' is no {label(name)}, which cannot be below {spec(name).minimum:g}: give the figure as it is printed, without a minus.")
    return text


def _check_via(text: str, answers: Answers) -> str:
    if "quantity" not in answers:
        raise RecountError("--via needs a --quantity that it leads to.")
    if text not in _routes(answers):
        raise RecountError(f"'{answers['quantity']}' has no route '{text}': {nearest(text, _routes(answers))}")
    return text


def _check_given(text: str, answers: Answers) -> str:
    if text.startswith("claim:"):
        identifier, name = register.split_claim(text)
        if identifier not in register.load():
            raise RecountError(f"claim '{identifier}' is not in the register: {nearest(identifier, register.load())}")
        return text
    plain, _ = split_reference(text)
    if not _CONTEXT.fullmatch(plain):
        raise RecountError(f"'{text}' is not a context: write it as kind:name, such as site:microsoft-us-average.")
    if (kind := plain.partition(":")[0]) not in kinds():
        raise RecountError(f"context kind '{kind}' is not known: {nearest(kind, kinds())}")
    if plain in load().contexts():
        load().context(text)
    return text


def _check_choose(text: str, answers: Answers) -> str:
    name, equals, context = (part.strip() for part in text.partition("="))
    if not equals or context not in answers.get("given", []):
        raise RecountError(f"--choose '{text}' must be a name and one of the contexts given, such as pue={(answers.get('given') or ['site:…'])[0]}.")
    spec(name)
    return text


def _check_notebook(text: str, answers: Answers) -> str:
    text = text.removesuffix(".ipynb")
    if not _NOTEBOOK.fullmatch(text):
        raise RecountError(f"notebook '{text}' must be a plain name without folders, such as {_slug(text).replace('-', '_') or 'email_water'}.")
    return text


def _check_id(text: str, answers: Answers) -> str:
    if not _ID.fullmatch(text):
        raise RecountError(f"id '{text}' must be lower-case words joined by hyphens, such as {_slug(text) or 'email-water'}.")
    if text == register.RESERVED:
        raise RecountError(f"id '{text}' is a word of the command line: take another, such as {_own_id(answers)}.")
    if text in register.load():
        raise RecountError(f"claim '{text}' is in the register already: take another id, such as {text}-2.")
    return text


def _slug(text: str) -> str:
    import unicodedata

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _supply(answers: Answers) -> Supply:
    """What the route is computed from; refused where no row could ever make it computable."""
    activity, _, name = answers["quantity"].partition(".")
    answers.setdefault("via", _routes(answers)[0])
    supply = Supply.of(activity, name, answers["via"], answers.get("given", []))
    if not supply.unknown:
        if supply.lacking:
            raise RecountError(supply.refusal(answers.get("id", "")))
        chosen = dict(part.split("=", 1) for part in answers.get("choose", []))
        operand = register.Operand(activity, name, answers["via"], tuple(answers.get("given", [])), tuple((k.strip(), v.strip()) for k, v in chosen.items()))
        try:
            recompute.gather(operand, recompute.World.of())
        except RecountError as error:
            raise RecountError(str(error).replace("choose one, as in choose = {", "choose one, as in --choose {").replace("{ ", "").replace(' = "', "=").replace('" }', "")) from None
    return supply


def _sources() -> set[str]:
    from recount import own_rows

    own = own_rows.sources_file()
    return {*validation.bibliography(), *(validation.bibliography(own) if own else {})}


def _entry(answers: Answers, independent: bool) -> str:
    """The entry as TOML."""
    lines = []
    ours = own_register.register() is None
    if answers["article"] not in register.articles():
        if ours and "article_name_fr" not in answers:
            raise RecountError("an article of our own register needs its name in French too: give --article-name-fr.")
        about = {key: answers.get(f"article_{key}") for key in ("name", "name_fr", "published", "source")}
        lines += ["", f"[article.{answers['article']}]", *_lines(about)]
    if ours and "statement_fr" not in answers:
        raise RecountError("a claim of our own register needs its statement in French too: give --statement-fr.")
    looked = answers.get("searched", "nowhere yet")
    traced = {"source": answers["source"], "locator": answers["locator"]} if "source" in answers else {"none_found": str(datetime.date.today()), "searched": looked}
    about = {key: answers.get(key) for key in ("id", "article", "statement", "statement_fr", "printed", "relation", "significant", "boundary", "notebook", "needs")}
    lines += ["", "[[claim]]", *_lines(about | {"traced": traced, "note": answers.get("note")})]
    if "quantity" in answers:
        given = answers.get("given", [])
        title = ", ".join(called(split_reference(c)[0]) for c in given if not c.startswith("claim:")) or label(answers["quantity"].partition(".")[2])
        choose = {k.strip(): v.strip() for k, v in (part.split("=", 1) for part in answers.get("choose", []))} or None
        route = {"name": answers["via"] or "model", "quantity": answers["quantity"], "via": answers["via"] or None, "given": given or None, "choose": choose}
        lines += ["", "[[claim.route]]", *_lines(route | {"independent": independent or None, "title": title, "title_fr": _french(given) or None})]
    return "\n".join(lines) + "\n"


def _french(given: list[str]) -> str:
    return ", ".join(called(split_reference(c)[0], "fr") for c in given if not c.startswith("claim:"))


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in table.items() if value is not None]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
