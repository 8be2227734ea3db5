"""French: every message translated and none stale, no English left in what a notebook shows, figures and numbers as French prints them."""

import html
import json
import re
import shutil
from pathlib import Path

import pytest

from recount import catalogues, claims, cli, explain, figures, language, register, row_texts, runs
from recount.assumptions import load
from recount.errors import RecountError
from recount.measure import views as measured
from recount.study import Study

CATALOGUES = catalogues.said()
# Words that English sentences cannot do without and French ones do not have.
TELLTALES = re.compile(
    r"\b(the|of|with|which|from|than|that|is|are|would|its|it|by|at|and|"
    r"printed|recomputed|assumptions?|yes|median|ranges?|share|answers?|measured|guess|estimate|given|what|nothing|near|hollow|"
    r"energy|water|carbon|training|claims?|chips?|servers?|people|households?|billion|trillion|below|above|least|most|drives)\b"
)
NOTEBOOKS = ["training_energy", "same_answer_many_methods", "your_own_model"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_every_message_is_translated_none_is_stale_and_all_have_their_fields(path):
    assert catalogues.problems(path, CATALOGUES[path]) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('msgstr "reproduit"', 'msgstr ""', "not translated: 'reproduced'"),
        ('msgid "reproduced"', 'msgid "reproduced once"', "nobody says this any more: 'reproduced once'"),
        ('msgid "reproduced"', '#, fuzzy\nmsgid "reproduced"', "to be looked at again (fuzzy): 'reproduced'"),
        ('msgstr "{low} à {high}"', 'msgstr "{low} à {haut}"', "other fields than in English: '{low} to {high}'"),
        ('msgstr "tableau {1}"', 'msgstr ""', "not translated: 'Table {1}'"),
        ('msgstr "tableau {1}"', 'msgstr "tableau {1}, {2}"', "other fields than in English: 'Table {1}'"),
        ('msgid "Table {1}"', 'msgid "Tables {1}"', "nobody says this any more: 'Tables {1}'"),
    ],
)
def test_a_faulty_catalogue_is_told(tmp_path, before, after, told):
    path = next(path for path in CATALOGUES if path.name == ("rows.po" if "able" in before else "recount.po"))
    shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True)
    text = path.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / path.name).write_text(text.replace(before, after, 1), encoding="utf-8")
    assert any(told in problem for problem in catalogues.problems(tmp_path / path.name, CATALOGUES[path]))


@pytest.mark.parametrize("path", [path for path in CATALOGUES if path.name != "course.po"], ids=lambda path: path.name)  # whose texts hold code
def test_french_is_set_as_french_is(path):
    for entry in catalogues.open_po(path):
        for text in entry.string if isinstance(entry.string, tuple) else (entry.string,):
            if entry.id:
                assert not re.search(r"[^\u202f\s][;!?»](?!\w)| [;:!?»%]|« |\d \d{3}\b|\w\.\.\.", text), text
                assert '"' not in text and "  " not in text, text


def test_messages_are_found_in_strings_within_strings_and_in_both_sides_of_a_choice():
    source = "f\"{say('a {b}', b=1)}\"; words('c' if x else 'd'); spoken.say_counted('one', 'many', 2); message('e'); say(f)"
    assert set(catalogues.messages(source)) == {"a {b}", "c", "d", ("one", "many"), "e"}


@pytest.fixture(scope="module")
def in_french(tmp_path_factory, warm_kernels) -> list[Path]:
    """Notebooks executed in French."""
    report = runs.run(NOTEBOOKS, overrides={"language": "fr"}, out=tmp_path_factory.mktemp("fr") / "run")
    assert not report.failed, report.lines()
    return [outcome.path for outcome in report.outcomes]


def _shown(path: Path):
    """What a notebook's cells show, but for the check lines, sources, formulas and names in code, which are English everywhere."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "nbval-check-output" in cell["metadata"].get("tags", []):
            continue
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = "".join(data.get("text/html") or data.get("text/plain") or output.get("text", ""))
            text = re.sub(r"<img alt=\"([^\"]*)\" src=\"[^\"]*\">", r"recount-figure \1", text)
            text = re.sub(r"<td>(?:[a-z]+\d{4}[a-z0-9]*|[a-z0-9]+card|wgs84), |<td>[a-z_]+ = .*?</td>|[\w./-]+\.(?:csv|json|md|py)\b", "", text)
            text = html.unescape(re.sub(r"<[^>]+>", " ", text))
            for identifier in sorted(register.load(), key=len, reverse=True):
                text = text.replace(f"claim:{identifier}", "").replace(identifier, "")
            yield "".join(cell["source"]), re.sub(r"\[?\b[a-z0-9-]+:[\w.@-]+(\[[\w-]+\])?\]?|\b[a-z]+\.[a-z_]+\b|\[default\]", "", text)


def test_no_english_is_left_in_what_a_notebook_shows(in_french):
    seen = 0
    for path in in_french:
        for source, text in _shown(path):
            seen += 1
            assert not TELLTALES.findall(text), (path.stem, source, TELLTALES.search(text)[0], text[:2000])
    assert seen > 45


def test_a_figures_alternative_text_is_french_with_french_numbers(in_french):
    texts = [text for path in in_french for _, text in _shown(path) if "recount-figure" in text]
    assert len(texts) > 5
    assert any("1\u202f287\u202fMWh imprimé, face à ce que recalcule chaque voie" in text for text in texts)
    assert not [text for text in texts if re.search(r"\d\.\d+[\u202f ](?:[kMGT]?Wh|k?[gt]CO2e|pJ|m?L\b|%)| (?:MWh|Wh|gCO2e|%)", text)]


def test_no_english_is_left_in_what_is_shown_of_our_own_measurements():
    with language.speaking("fr"):
        shown = [
            measured.sizes(), measured.floors("a100"), measured.predictions("h100"), measured.processors(), measured.repeats("cpu-2-core-virtual-server"),
            measured.accelerators(), measured.against_prediction(),
        ]  # fmt: skip
        texts = [html.unescape(re.sub(r"<[^>]+>", " ", one._repr_mimebundle_().get("text/html", str(one)))) for one in shown]
    for text in texts:
        text = re.sub(r"recount measure .*?\u202f;|\b(?:training|decoding)-\w+", "", text)  # the command and the cases' names
        assert not TELLTALES.findall(text) and not re.search(r"\d,\d{3}\b(?! )|\d [WJs]\b|\d pJ|\d %", text), text
    assert "CPU 2 cœurs serveur virtuel" in texts[3] and "2\u202f980\u202fpJ/(paramètre·jeton)" in texts[3] and "7\u202f241\u202f732\u202f096" in texts[0]


def test_the_claims_that_a_french_notebook_carries_are_those_of_the_english_one(in_french):
    for claim in runs.collect(in_french):
        assert claim == json.loads(json.dumps(claims.recompute_claim(claim["id"]).as_json()))


@pytest.mark.parametrize("identifier", list(register.load())[::3])
def test_a_claim_in_french(identifier):
    result = claims.recompute_claim(identifier)
    english, line = result.as_json(), explain.check_line(result)
    with language.speaking("fr"):
        assert result.as_json() == english and explain.check_line(result) == line
        told = "\n".join([explain.sentence(result), *explain.why(result), *(condition.inside_text for condition in result.conditions)])
        numbers = f"{result.printed_text} {result.recomputed_text} {result.interval_text}" if result.claim.printed else ""
    assert not re.search(r"\d\.\d|\d,\d{3},", numbers), numbers
    assert not re.search(r"\b(printed|recomputed|read as|interval of|more than|at least|up to|yes|none|the)\b", told), told


def test_quantities_in_french():
    study = Study(language="fr")
    assert str(study.value("training.usage_carbon", "run:gpt-3[direct]", via="declared")).startswith("carbone d'usage\u202f: 552,1\u202ftCO2e (intervalle à 90\u202f%\u202f: 544")
    assert "1\u202f287\u202fMWh" in str(study.compare("gpt-3-energy"))
    assert "15 entraînements" not in explain.tally(study.results("gpt-3-energy")) and explain.tally(study.results("gpt-3-energy")) == "1 affirmation tirée d'1 article\u202f: 1 reproduit"
    assert "à l'arrondi imprimé" in str(study.assumptions("gpt-3-energy"))
    with pytest.raises(RecountError, match="language 'french' is not known: known names are en, fr"):
        Study(language="french")


def test_what_stands_beside_rows_is_told_in_a_notebook_with_french_numbers():
    shown = str(Study(language="fr").table("run:gpt-3")) + str(Study().records("model:codestral", "licence"))
    assert "patterson2021, tableau 4, colonne GPT-3" in shown and "column" not in shown
    language.speak("en")
    assert "Table 4, GPT-3 column" in str(Study().table("run:gpt-3"))


def test_a_row_of_a_known_kind_needs_no_new_message_and_another_stays_as_it_is():
    with language.speaking("fr"):
        assert row_texts.of_row("section 12.3") == "section 12.3" and row_texts.of_row("Table 77") == "tableau 77"
        assert row_texts.of_row("from the diary of a friend") == "from the diary of a friend"
        assert row_texts.translated("from the diary of a friend") == ""
        assert row_texts.of_row("Table 77 Superseded by the table of 2031-02.") == "tableau 77 Remplacé par la table de 2031-02."
        assert row_texts.of_row("from the diary Superseded by the table of 2031-02.") == "from the diary Superseded by the table of 2031-02."
    assert row_texts.of_row("Table 77") == "Table 77"


def test_every_row_says_its_strength_in_french():
    with language.speaking("fr"):
        for word in {row.strength for row in load().rows} | {row.confirmed for row in load().rows}:
            assert language.say(word) != word


def test_a_language_is_spoken_until_the_block_ends():
    with pytest.raises(ZeroDivisionError), language.speaking("fr"):
        assert language.say("confirmed") == "confirmé"
        1 / 0
    assert language.say("confirmed") == "confirmed"


def test_the_command_line_speaks_french_when_asked(capsys):
    assert cli.main(["claim", "gpt-3-energy", "--language", "fr"]) == 0
    told = capsys.readouterr().out
    assert "Chiffre imprimé" in told and "reproduit\u202f: imprimé 1\u202f287\u202fMWh" in told and not re.search(r"\b(printed|Recomputed|Assumption)\b", told)
    assert cli.main(["claim", "gpt-3-energy"]) == 0
    assert "Figure as printed" in capsys.readouterr().out
    assert cli.main(["claims", "--language", "de"]) == 2
    assert "language 'de' is not known" in capsys.readouterr().err


def test_a_scoreboard_in_french_names_its_verdicts():
    text = str(figures.scoreboard(Study().results("gpt-3-energy", "large-2-training-alone"), language="fr"))
    assert "reproduit" in text and "mal attribué" in text and "recalculé ÷ imprimé" in text
