"""Claims and rows of one's own: entries, notebooks and pages from real commands, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import nbformat
import pytest

from recount import assumptions, claim_notebook, claims, cli, own_register, register, sweep, sweep_axes
from recount.errors import RecountError
from recount.vocabulary import data_folder

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "site" / "pages" / "your-own-claim.md"
COMMAND = [sys.executable, "-c", "from recount.cli import main; raise SystemExit(main())"]
HEAD = ",".join(assumptions.COLUMNS)
EMAIL = "prompt:gpt-4-email,energy_per_answer,,0.14,,,point,kWh/answer,li2025,Table 1,as printed,estimate,second-hand,2024-09,2026-11-22,2031-12-31"
ENTRY = {
    "--id": "email-water", "--article": "study-of-email", "--article-name": "A study of e-mails", "--statement": "An e-mail takes half a litre.", "--printed": "519 mL",
    "--relation": "about", "--quantity": "answer.usage_water", "--via": "per_answer", "--given": "measurement:altman2025-chatgpt, site:microsoft-us-average",
}  # fmt: skip


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RECOUNT_")}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "src"), kept.get("PYTHONPATH", "")]))} | more


def recount(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The program as a process, nobody at the terminal."""
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, env=environment(**more), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def typed(*arguments: str, cwd: Path, answers: list[str], **more: str) -> str:
    """The program in a terminal, an answer to each question; everything it showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen([*COMMAND, *arguments], cwd=cwd, env=environment(**more), stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown, waiting = "", list(answers)
    while select.select([master], [], [], 60)[0]:
        try:
            shown += os.read(master, 65536).decode(errors="replace")
        except OSError:  # the program has ended
            break
        if waiting and re.search(r"(: |\] )$", shown):
            os.write(master, (waiting.pop(0) + "\n").encode())
    process.wait(timeout=60)
    os.close(master)
    return shown.replace("\r\n", "\n")


def entry(**changed: str | None) -> list[str]:
    """The options of an entry, some of them changed or left out."""
    options = ENTRY | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return [part for option, value in options.items() if value is not None for part in (option, value)]


def claim_file(folder: Path, text: str = "", name: str = "mine.toml", version: str = "version = 1") -> Path:
    path = folder / name
    path.write_text(f"{version}\n{text}", encoding="utf-8")
    return path


def rows(folder: Path, *lines: str, head: str = HEAD) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rows.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return folder


def claim_toml(identifier: str = "mine", given: str = '"measurement:altman2025-chatgpt", "site:microsoft-us-average"', **more: str) -> str:
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return (
        f'[article.paper]\nname = "A paper"\n\n[[claim]]\nid = "{identifier}"\narticle = "paper"\nstatement = "Something."\nprinted = "1 mL"\nrelation = "about"\n'
        f'notebook = "mine"\ntraced = {{ none_found = "2026-11-22", searched = "nowhere" }}\n{lines}\n[[claim.route]]\nname = "model"\nquantity = "answer.usage_water"\n'
        f'via = "per_answer"\ngiven = [{given}]\n'
    )


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.as_posix().encode() + path.read_bytes() for path in files)).hexdigest()


# --- the worked example of the pages -----------------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Every command of the page, run in a folder whose name has spaces and accents."""
    folder = tmp_path_factory.mktemp("own") / "un dossier à moi"
    folder.mkdir()
    programs = folder.parent / "bin"
    programs.mkdir()
    (programs / "recount").write_text(f"#!/bin/sh\nexec '{sys.executable}' -c 'from recount.cli import main; raise SystemExit(main())' \"$@\"\n")
    (programs / "recount").chmod(0o755)
    before = digest(data_folder()), digest(ROOT / "notebooks")
    commands = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = [subprocess.run(["sh", "-ec", one], cwd=folder, env=environment(PATH=path), stdin=subprocess.DEVNULL, capture_output=True, text=True) for one in commands]
    return folder, commands, done, before


def test_the_example_takes_under_ten_commands_from_figure_to_page(example):
    folder, commands, done, before = example
    assert len(commands) == 8
    for command, one in zip(commands, done, strict=True):
        assert one.returncode == 0, (command, one.stderr)
    assert "prompt:gpt-4-email,energy_per_answer,,VALUE,,,point,Wh/answer" in done[0].stdout
    assert "1 claim, 1 row, 1 source, no problem found" in done[3].stdout
    page = (folder / "build" / "my_claims" / "site" / "en" / "claims" / "email-water.html").read_text(encoding="utf-8")
    assert "not reproduced" in page and "519 mL" in page and "AIAAIC 2024" in page
    assert before == (digest(data_folder()), digest(ROOT / "notebooks")), "ours is as it was"
    assert "email-water" not in register.load()


def test_the_examples_figure_is_energy_times_water_per_energy(example):
    folder, _, done, _ = example
    millilitres = 0.14 * (0.55 + 1.17 * 3.142) * 1000  # the page's kWh; Li et al. 2025, Table 1: WUE + PUE × EWIF
    assert f"recomputed {millilitres:.1f} mL" in done[4].stdout
    printed = json.loads(recount("claims", "--json", "--register", "my_claims.toml", "--data", "my_rows", cwd=folder).stdout)
    jsonschema.validate(printed, json.loads((data_folder() / "claim.schema.json").read_text(encoding="utf-8")))
    assert [one["id"] for one in printed] == ["email-water"] and printed[0]["recomputed"] == pytest.approx(millilitres, rel=1e-9)


def test_the_made_notebook_is_in_the_house_style(example):
    cells = nbformat.read(example[0] / "notebooks" / "email_water.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(output.output_type != "error" and output.get("name") != "stderr" for cell in code for output in cell.outputs)
    parameters = next(cell.source for cell in code if "parameters" in cell.metadata.get("tags", []))
    names = [line.partition(":")[0] for line in parameters.splitlines()]
    assert names[:5] == ["scenario", "energy_per_parameter_token", "grid_intensity", "water_intensity", "language"] and names[-2:] == ["register", "data"]
    assert set(names[5:-2]) == {"energy_per_answer", "pue", "on_site_water_intensity", "off_site_water_intensity"}, "what its route takes can be set too"
    assert '"../my_claims.toml"' in parameters and '"../my_rows"' in parameters
    check = next(k for k, cell in enumerate(cells) if "nbval-check-output" in cell.metadata.get("tags", []))
    assert cells[check].source == 'study.check("email-water")' and cells[check - 1].source == 'study.compare("email-water")'
    assert cells[check].outputs[0].text == "email-water: not reproduced — printed about 519 mL, accepts 493.05 to 544.95 mL\n"
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for heading in ("## Step by step", "## What drives it", "## What would have to be true", "## What this does not settle", "## Exercises", "## Sources"):
        assert heading in prose
    assert "591" not in prose and "1.14" not in prose, "computed figures stand in outputs only"
    assert all(len(cell.source.splitlines()) <= 4 for cell in code if cell.source != parameters)
    assert not re.search(r"/home/|/root/|/tmp/|un dossier", (example[0] / "notebooks" / "email_water.ipynb").read_text(encoding="utf-8"))


def test_the_made_notebook_passes_nbval_with_nothing_set(example):
    command = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "notebooks"]
    done = subprocess.run(command, cwd=example[0], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    notebook = example[0] / "notebooks" / "email_water.ipynb"
    kept = notebook.read_text(encoding="utf-8")
    notebook.write_text(kept.replace("accepts 493.05", "accepts 493.06"), encoding="utf-8")
    failing = subprocess.run(command, cwd=example[0], env=environment(), capture_output=True, text=True)
    notebook.write_text(kept, encoding="utf-8")
    assert failing.returncode == 1 and "1 failed" in failing.stdout


def test_the_made_notebook_is_run_and_swept_with_the_claims_own_assumptions(example):
    folder, options = example[0], ("--register", "my_claims.toml", "--data", "my_rows")
    done = recount("run", *options, "-p", "energy_per_answer=0.1 kWh/answer", "--no-meter", cwd=folder)
    assert "email-water  about 519 mL  591.7 mL  422.6 mL" in done.stdout, done.stderr  # 4.226 L/kWh
    swept = ("sweep", "--notebook", "email_water", *options, "--workers", "1", "--no-figures")
    done = recount(*swept, "--over", "energy_per_answer=0.1,0.12 kWh/answer", "--out", "moved", cwd=folder)
    assert "2 points of 1 claim" in done.stdout and "422.6 to 507.1 mL" in done.stdout, done.stderr
    done = recount(*swept, "--over", "grid_intensity=50,400", "--out", "still", cwd=folder)
    assert "No claim moves with grid_intensity.\n1 claim does not depend on that" in done.stdout, done.stderr


def test_a_row_of_ones_own_that_changes_executes_the_notebook_again(example):
    folder, options = example[0], ("--register", "my_claims.toml", "--data", "my_rows")
    assert "1 kept" in recount("run", *options, cwd=folder).stdout
    path = folder / "my_rows" / "rows.csv"
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace(",0.14,", ",0.13,"), encoding="utf-8")
    assert "1 executed" in recount("run", *options, cwd=folder).stdout
    text = (folder / "build" / "my_claims" / "runs" / "default" / "email_water.ipynb").read_text(encoding="utf-8")
    path.write_text(kept, encoding="utf-8")
    assert "549.4 mL" in text  # 0.13 kWh × 4.226 L/kWh


def test_a_run_with_claims_and_rows_of_ones_own_is_repeated_from_its_folder_alone(example, tmp_path):
    """Elsewhere, with nothing named: the register and the rows are those that lie in the folder."""
    sent = shutil.copytree(example[0] / "build" / "my_claims" / "runs" / "default", tmp_path / "sent")
    done = recount("run", "--like", str(sent), "--out", "again", "--no-meter", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The results are those of sent, to the last digit." in done.stdout and "1 executed" in done.stdout
    assert [claim["id"] for claim in json.loads((tmp_path / "again" / "results.json").read_text(encoding="utf-8"))] == ["email-water"]
    assert (tmp_path / "again" / "inputs.zip").read_bytes() == (sent / "inputs.zip").read_bytes()


# --- entries ------------------------------------------------------------------------------------


def test_an_entry_is_judged_on_the_spot(tmp_path):
    done = recount("claim", "new", "--register", "mes chiffres à moi.toml", *entry(statement="L'e-mail « coûte » 519 mL\\litre \"d'eau\"."), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Verdict: not reproduced: printed about 519 mL, recomputed 1.437 mL" in done.stdout  # 0.34 Wh × 4.226 L/kWh
    written = tomllib.loads((tmp_path / "mes chiffres à moi.toml").read_text(encoding="utf-8"))
    assert written["version"] == 1 and written["claim"][0]["statement"] == "L'e-mail « coûte » 519 mL\\litre \"d'eau\"."
    assert written["claim"][0]["notebook"] == "email_water" and written["claim"][0]["route"][0]["given"] == ["measurement:altman2025-chatgpt", "site:microsoft-us-average"]
    assert "recount notebook new email-water --register 'mes chiffres à moi.toml'" in done.stdout
    again = recount("claim", "new", "--register", "mes chiffres à moi.toml", *entry(id="second", article_name=None), cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert [one["id"] for one in tomllib.loads((tmp_path / "mes chiffres à moi.toml").read_text(encoding="utf-8"))["claim"]] == ["email-water", "second"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"relation": "abuot"}, "did you mean 'about'"),
        ({"quantity": "answer.usage_watr"}, "did you mean 'usage_water'"),
        ({"quantity": "usage_water"}, "training.usage_water or answer.usage_water or use.usage_water"),
        ({"quantity": "anwser.usage_water"}, "did you mean 'answer'"),
        ({"quantity": "answer.usage_carbon"}, "'519 mL' is no usage carbon: answer.usage_carbon is measured in tCO2e"),
        ({"via": "per_anwser"}, "did you mean 'per_answer'"),
        ({"via": None}, "a claim needs --via too"),
        ({"given": "sit:microsoft"}, "did you mean 'site'"),
        ({"given": "microsoft"}, "write it as kind:name"),
        ({"given": "site:microsoft-us-average"}, "nothing supplies 'energy_per_answer'"),
        ({"given": "measurement:altman2025-chatgpt,site:microsoft-us-average,site:microsoft-iowa"}, "--choose pue=site:microsoft-us-average"),
        ({"given": "measurement:altman2025-chatgpt,site:microsoft-us-average[direct]"}, "has no scope 'direct'"),
        ({"given": "claim:gpt-3-enrgy"}, "did you mean 'gpt-3-energy'"),
        ({"printed": "519"}, "--unit"),
        ({"printed": "-519 mL"}, "'-519 mL' is no usage water, which cannot be below 0"),
        ({"printed": "519 mLitre"}, "mLitre"),
        ({"printed": "1,519 mL"}, "ambiguous"),
        ({"printed": "half a litre"}, "number"),
        ({"id": "../email"}, "such as email"),
        ({"id": "new"}, "word of the command line"),
        ({"id": "gpt-3-energy"}, "in the register already"),
        ({"id": "E-Mail à moi"}, "such as e-mail-a-moi"),
        ({"notebook": "../email"}, "without folders, such as email"),
        ({"article": "Étude"}, "such as etude"),
        ({"article": "mistral-lca"}, "leave its name out"),
        ({"article_name": None}, "a claim needs --article-name too"),
        ({"article_published": "last year"}, "a date such as 2024-09-18"),
        ({"statement": "two\nlines"}, "in one line"),
        ({"statement": ""}, "--statement is empty"),
        ({"significant": "0"}, "from 1 to 15"),
        ({"quantity": None, "via": None, "given": None}, "--quantity (or --needs)"),
    ],
)
def test_a_bad_answer_is_one_sentence_and_nothing_is_written(tmp_path, monkeypatch, capsys, changed, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["claim", "new", "--register", "mine.toml", *entry(**changed)]) == 2
    out, err = capsys.readouterr()
    assert said in err and err.startswith("recount: ") and err.strip().count("\n") == 0 and out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_line_that_is_offered_needs_its_capitals_replaced_and_nothing_else(tmp_path):
    options = ("--register", "mine.toml", "--data", "rows")
    told = recount("claim", "new", *options, *entry(given="prompt:letter,site:microsoft-us-average"), cwd=tmp_path).stdout
    assert "No verdict yet: prompt:letter has no rows." in told
    columns, line = told[told.index(HEAD) :].splitlines()[:2]
    filled = line.replace("VALUE", "500").replace("SOURCE-KEY", "li2025").replace("PUBLISHED", "2025-01")
    rows(tmp_path / "rows", filled, head=columns)
    done = recount("claim", "email-water", *options, cwd=tmp_path)
    assert done.returncode == 0 and "recomputed 2,113 mL" in done.stdout.replace("\n", " "), done.stderr  # 500 Wh × 4.226 L/kWh
    assert recount("check", *options, cwd=tmp_path).returncode == 0


def test_in_a_terminal_each_part_is_asked_for_and_asked_again(tmp_path):
    answers = [
        "evening-paper", "An evening paper", "", "2026-05", "", "An answer takes a cup.", "", "250", "cups", "mL", "rougly", "about", "answer.usage_water",
        "per_anwser", "per_answer", "measurement:altman2025-chatgpt, site:microsoft-us-average", "", "", "the library", "",
    ]  # fmt: skip
    shown = typed("claim", "new", "--register", "mine.toml", cwd=tmp_path, answers=answers)
    assert "Verdict: not reproduced" in shown, shown
    for said in ("relation 'rougly' is not known", "did you mean 'per_answer'", "cups"):
        assert said in shown
    claim = tomllib.loads((tmp_path / "mine.toml").read_text(encoding="utf-8"))["claim"][0]
    assert claim["id"] == "evening-paper-usage-water" and claim["printed"] == "250 mL" and claim["traced"]["searched"] == "the library"
    stopped = typed("claim", "new", "--register", "mine.toml", cwd=tmp_path, answers=["evening-paper", "\x04"])
    assert "stopped: nothing is written." in stopped
    assert len(tomllib.loads((tmp_path / "mine.toml").read_text(encoding="utf-8"))["claim"]) == 1


def test_a_claim_that_the_model_has_no_quantity_for_says_what_it_needs(tmp_path):
    needs = entry(quantity=None, via=None, given=None) + ["--needs", "a count of sandwiches"]
    done = recount("claim", "new", "--register", "mine.toml", *needs, cwd=tmp_path)
    assert "Verdict: not recomputable: a count of sandwiches" in done.stdout


def test_ours_asks_for_french_and_takes_a_claim(tmp_path):
    import shutil

    shutil.copytree(data_folder(), tmp_path / "data")
    before = (tmp_path / "data" / "claims.toml").read_text(encoding="utf-8")
    options = entry(article="mistral-lca", article_name=None, id="own-test")
    refused = recount("claim", "new", *options, cwd=tmp_path, RECOUNT_DATA="data")
    assert refused.returncode == 2 and "--statement-fr" in refused.stderr
    assert (tmp_path / "data" / "claims.toml").read_text(encoding="utf-8") == before
    done = recount("claim", "new", *options, "--statement-fr", "Un e-mail prend un demi-litre.", cwd=tmp_path, RECOUNT_DATA="data")
    after = (tmp_path / "data" / "claims.toml").read_text(encoding="utf-8")
    assert done.returncode == 0 and after.startswith(before.rstrip()) and 'id = "own-test"' in after


@pytest.mark.parametrize("moment", ["before the rename", "while writing"])
def test_a_process_killed_while_it_writes_leaves_the_old_file_whole(tmp_path, moment):
    path = claim_file(tmp_path, claim_toml())
    before = path.read_bytes()
    name = "replace" if moment == "before the rename" else "chmod"
    killed = f"import os, signal; os.{name} = lambda *_: os.kill(os.getpid(), signal.SIGKILL); from recount.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", killed, "claim", "new", "--register", "mine.toml", *entry()], cwd=tmp_path, env=environment(), stdin=subprocess.DEVNULL)
    assert done.returncode == -9
    assert path.read_bytes() == before
    assert recount("claim", "new", "--register", "mine.toml", *entry(), cwd=tmp_path).returncode == 0


# --- registers and rows that cannot be read as they should --------------------------------------


@pytest.mark.parametrize(
    ("version", "text", "said"),
    [
        ("version = 2", "", "mine.toml is a register of version 2, but this recount reads up to 1: install a newer recount."),
        ("", "", "mine.toml: it must begin with the line 'version = 1'."),
        ('version = "1"', "", "must begin with the line 'version = 1'"),
        ("version = 1", "claim = 3", "must be written as [[claim]]"),
        ("version = 1", "clams = []", "did you mean 'claim'"),
        ("version = 1", "[[claim]\n", "not readable TOML"),
        ("version = 1", claim_toml("gpt-3-energy"), "claim 'gpt-3-energy' stands twice in claims.toml or mine.toml"),
        ("version = 1", claim_toml("new"), "'recount claim new' is a command"),
        ("version = 1", claim_toml().replace("article.paper", "article.mistral-lca"), "article mistral-lca: our register has it too"),
        ("version = 1", claim_toml(given='"claim:nothing as facility_energy"'), "refers to claim 'nothing'"),
        ("version = 1", claim_toml(given='"site:nowhere"'), "context 'site:nowhere' is not in the data"),
    ],
)
def test_a_register_that_cannot_be_read_is_one_sentence(tmp_path, capsys, version, text, said):
    path = claim_file(tmp_path, text, version=version)
    assert cli.main(["claims", "--register", str(path)]) == 2
    out, err = capsys.readouterr()
    assert said in err and err.startswith("recount: ") and err.strip().count("\n") == 0 and out == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--register", "nothing.toml"], "'recount claim new --register nothing.toml' begins one"),
        (["--register", "."], "is a folder: name the file in it"),
        (["--register", "claims.json"], "name it claims.toml"),
        (["--data", "nothing"], "make the folder and put your rows in it"),
        (["--data", "a.txt"], "is a file: name the folder of your rows"),
        (["--register", str(data_folder() / "claims.toml")], "leave --register out"),
        (["--data", str(data_folder() / "assumptions")], "leave --data out"),
    ],
)
def test_a_register_that_is_none_is_refused(tmp_path, monkeypatch, capsys, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("")
    assert cli.main(["claims", *options]) == 2
    assert said in capsys.readouterr().err
    assert not {own_register.REGISTER, own_register.DATA} & set(os.environ)


OURS = "site:microsoft-us-average,pue,,1.3,,,point,1,li2025,Table 1,,declared,read,2025,2026-11-22,2031-12-31"


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        (HEAD, OURS, "assumptions/water.csv has that row too"),
        (HEAD, OURS.replace("1.3", "0.3"), "nearest valid value is 1"),
        (f"{HEAD},overrides", f"{OURS},no", "overrides 'no' must be yes or empty"),
        (f"{HEAD},overrides", f"{EMAIL},yes", "but there is none: leave 'overrides' empty"),
        (HEAD, f"{EMAIL}\n{EMAIL}", "the same context, name and scope stand in rows/rows.csv line 2"),
        (HEAD, EMAIL.replace("prompt:", "promt:"), "did you mean 'prompt'"),
        ("context,name", "a,b", "the first line must be exactly context,name,scope"),
    ],
)
def test_a_faulty_row_is_refused_with_its_place(tmp_path, capsys, head, line, said):
    folder = rows(tmp_path / "rows", line, head=head)
    assert cli.main(["check", "--data", str(folder)]) == 2
    assert said in (err := capsys.readouterr().err) and "rows.csv" in err


@pytest.mark.parametrize(
    ("bib", "said"),
    [
        ("", "the source 'somebody2025' is not in sources.bib"),
        ("@misc{somebody2025, title={A}, url={https://x.org}}", "lacks the date it was read"),
        ("@misc{somebody2025, title={A}, urldate={2026-11-22}, url={https://x.org}}\n@misc{other, title={B}, urldate={2026-11-22}, url={u}}", "'other' is used by nothing"),
        ("@misc{somebody2025, title={A}, urldate={2026-11-22}, url={https://x.org}}\n@misc{li2025, title={B}, urldate={2026-11-22}, url={u}}", "'li2025' is a source of ours too"),
        ("@misc{somebody2025, title={A}", "not readable BibTeX"),
    ],
)
def test_sources_of_ones_own_are_checked(tmp_path, capsys, bib, said):
    folder = rows(tmp_path / "rows", EMAIL.replace("li2025", "somebody2025"))
    (folder / "sources.bib").write_text(bib, encoding="utf-8")
    assert cli.main(["check", "--data", str(folder), "--register", str(claim_file(tmp_path, claim_toml()))]) == 2
    assert said in capsys.readouterr().err


def test_check_warns_of_a_row_past_its_date_to_look_again(tmp_path, capsys):
    folder = rows(tmp_path / "rows", EMAIL.replace("2031-12-31", "2020-12-31"))
    assert cli.main(["check", "--data", str(folder), "--register", str(claim_file(tmp_path, claim_toml()))]) == 0
    assert "rows/rows.csv line 2 (prompt:gpt-4-email, energy_per_answer): its date to look again, 2020-12-31, has passed." in capsys.readouterr().err


# --- two worlds in one process ------------------------------------------------------------------


def test_what_is_read_under_a_register_of_ones_own_stays_there(tmp_path):
    folder = rows(tmp_path / "rows", f"{OURS},yes", head=f"{HEAD},overrides")
    path = claim_file(tmp_path, claim_toml())
    ours = claims.recompute_claim("gemini-water").as_json(), len(assumptions.load().rows)
    with own_register.used(path, None):
        assert list(register.shown()) == ["mine"] and "gpt-3-energy" in register.load()
        plain = claims.recompute_claim("mine").taken.value
    with own_register.used(path, folder):
        assert assumptions.load().pick("site:microsoft-us-average", "pue").value == "1.3"
        assert claims.recompute_claim("mine").taken.value == pytest.approx(0.34 * (0.55 + 1.3 * 3.142), rel=1e-9)
    assert plain == pytest.approx(0.34 * (0.55 + 1.17 * 3.142), rel=1e-9)
    assert ours == (claims.recompute_claim("gemini-water").as_json(), len(assumptions.load().rows))
    with pytest.raises(RecountError, match="'mine' is not in the register"):
        register.claim("mine")


def test_a_claim_of_ones_own_may_start_from_one_of_ours(tmp_path, capsys):
    text = claim_toml(given='"claim:gpt-3-energy as facility_energy", "grid:FRA-2023"').replace("answer.usage_water", "training.usage_carbon").replace("per_answer", "declared")
    path = claim_file(tmp_path, text.replace("1 mL", "71 tCO2e"))
    assert cli.main(["claim", "mine", "--register", str(path)]) == 0
    assert "printed 71 tCO2e" in (out := capsys.readouterr().out).replace("about ", "") and "71.14 tCO2e" in out  # 1,287 MWh × 55.275 g/kWh
    assert cli.main(["claim", "gpt-3-energy", "--register", str(path)]) == 0
    assert cli.main(["claim", "new-claim", "--register", str(path)]) == 2
    assert cli.main(["claim", "--register", str(path), "new"]) == 2
    assert "write 'recount claim new'" in capsys.readouterr().err


# --- notebooks from entries ---------------------------------------------------------------------


def test_a_sweep_is_of_the_claims_of_ones_own_unless_others_are_named(tmp_path):
    path = claim_file(tmp_path, claim_toml())
    axes = sweep_axes.read(["water_intensity=2,4"])
    with own_register.used(path, None):
        found = [{one.claim.id for some in sweep.planned(sweep.Sweep(axes, claims=named)) for one in some} for named in ((), ("mine", "large-2-answer-water"))]
    assert found == [{"mine"}, {"mine", "large-2-answer-water"}]
    assert len(sum(sweep.planned(sweep.Sweep(axes)), ())) == len(register.load()), "without a register of one's own, all of ours"


@pytest.mark.parametrize(
    ("notebook", "out", "said"),
    [
        ("../mine", None, "must be a plain name without folders, such as mine"),
        ("mine", "../elsewhere", "leads out of this folder"),
        ("mine", "a.txt", "must be a folder"),
        ("mine", " ", "must be a folder"),
    ],
)
def test_a_notebook_is_not_written_where_it_would_leave_the_folder(tmp_path, monkeypatch, capsys, notebook, out, said):
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    (inner / "a.txt").write_text("")
    claim_file(inner, claim_toml().replace('notebook = "mine"', f'notebook = "{notebook}"'))
    assert cli.main(["notebook", "new", "mine", "--register", "mine.toml", *(["--out", out] if out else [])]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_notebook_that_exists_or_has_no_claim_is_refused(capsys):
    assert cli.main(["notebook", "new", "gpt-3-energy"]) == 2
    assert "notebook '02_training_energy' exists already" in capsys.readouterr().err
    assert cli.main(["notebook", "new", "gpt-3-enrgy"]) == 2
    assert "did you mean 'gpt-3-energy'" in capsys.readouterr().err


@pytest.mark.parametrize("identifier", ["large-2-water", "gpt-3-twice-mistral-7b", "gemini-water-source", "models-apache", "gemini-water-cooling"])
def test_every_kind_of_claim_has_a_notebook(identifier):
    """Misattributed, a ratio, a record, a count and a share: each gives cells that name the claim."""
    result = claims.recompute_claim(identifier, count=1024)
    cells = claim_notebook.notebook(result, ROOT / "notebooks").cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert code[-1].startswith(("study.", "figures.")) and f'study.check("{identifier}")' in code
    assert code[code.index(f'study.check("{identifier}")') - 1] == f'study.compare("{identifier}")'
    scope: dict = {}
    for source in code:
        exec(source, scope)  # as a kernel would, without starting one


def test_a_notebook_that_does_not_run_is_not_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(claim_notebook, "_study", lambda *_: "1 / 0")
    path = claim_file(tmp_path, claim_toml())
    with own_register.used(path, None), pytest.raises(RecountError, match="does not run, so none is written: cell 4 .*division by zero"):
        claim_notebook.new("mine")
    assert not (tmp_path / "notebooks").exists()


def test_two_registers_in_one_folder_keep_their_notebooks_apart(tmp_path):
    from recount.project import Project

    (tmp_path / "notebooks").mkdir()
    for name in ("one", "two"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text("{}")
        claim_file(tmp_path, claim_toml(name).replace('notebook = "mine"', f'notebook = "{name}"'), name=f"{name}.toml")
    with own_register.used(tmp_path / "one.toml", None):
        project = Project.here()
        assert [path.stem for path in project.all_notebooks()] == ["one"]
        assert project.build == tmp_path / "build" / "one" and project.data == ROOT / "data" and project.lock.is_file()
    with own_register.used(tmp_path / "two.toml", None):
        assert Project.here().build == tmp_path / "build" / "two"
    with own_register.used(None, rows(tmp_path / "rows", EMAIL)):
        assert Project.here().build.parent == ROOT / "build" and Project.here().build.name.startswith("own-rows-")
    assert Project.here().build == ROOT / "build"
