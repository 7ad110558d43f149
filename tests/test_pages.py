"""Pages: what a notebook shows, from a made-up experiment with made-up claims."""

import subprocess
import sys
from typing import Any, ClassVar

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from pydantic import Field

from imc import claims
from imc.claims import Claim, Measure, Reading
from imc.errors import UserError
from imc.pages import figures
from imc.pages import page as pages
from imc.runs import experiments
from imc.runs.config import Config
from imc.runs.experiments import Experiment, Outcome


class CoinConfig(Config):
    smoke: ClassVar = {"tosses": 2}

    seeds: int = Field(3, ge=1)
    tosses: int = Field(100, ge=1)


def toss(config: CoinConfig, progress: Any) -> Outcome:
    progress(1.0, "tossed")
    return Outcome({"heads": [50.0 + seed / 10 for seed in range(config.seeds)], "tosses": config.tosses})


COIN = Experiment(
    "coin/toss", CoinConfig, f"{__name__}:toss", "toss coins", seconds=lambda c: c.tosses * c.seeds
)
HALF = Reading(
    name="",
    text="Half the tosses are heads.",
    kind="trained",
    bound=50,
    tolerance=0.5,
    why="made up",
    measure=Measure(experiment="coin/toss", metric="heads"),
)
FAIR = Claim(
    id="reram.coin",
    paper="reram",
    place="Section 1",
    text="Half the tosses are heads.",
    page="coin/toss",
    readings=(HALF,),
    best=("",),
)
FAR = HALF.model_copy(update={"measure": None, "text": "It rolls | far."})
OPEN = FAIR.model_copy(update={"id": "reram.open", "readings": (FAR,), "text": "It rolls | far."})


@pytest.fixture
def shown(monkeypatch, tmp_path) -> list[dict[str, str]]:
    """What the page displays, as its MIME bundles; records go to a folder of the test's own."""
    bundles: list[dict[str, str]] = []
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    monkeypatch.setattr(experiments, "find", {"coin/toss": COIN}.__getitem__)
    monkeypatch.setattr(claims, "load", lambda: {c.id: c for c in (FAIR, OPEN)})
    monkeypatch.setattr(pages, "display", lambda data, raw: bundles.append(data))
    return bundles


def labelled():
    figure, ax = figures.axes()
    ax.plot([1, 2], [3, 4])
    ax.set(xlabel="toss", ylabel="heads (%)")
    return figure


DATA = pd.DataFrame({"toss": [1, 2], "heads (%)": [3, 4]})


def test_obtain_takes_the_pages_values_that_the_experiment_has(shown):
    page = pages.start("coin/toss", effort="smoke", seeds=2)
    assert page.obtain("coin/toss").config == {"seed": 0, "effort": "smoke", "seeds": 2, "tosses": 2}
    assert page.obtain("coin/toss", seeds=4).config["seeds"] == 4
    assert len(page.used) == 2


def test_a_value_that_no_experiment_has_is_refused(shown):
    with pytest.raises(UserError, match="no parameter 'sedes'"):
        pages.start("coin/toss", sedes=2)


def test_find_shows_what_there_is_and_computes_at_smoke_effort_only(shown):
    full, smoke = (pages.start("coin/toss", effort=effort, seeds=1) for effort in ("full", "smoke"))
    assert full.find("coin/toss") is None
    assert not full.used
    assert smoke.find("coin/toss") == smoke.obtain("coin/toss")
    assert full.obtain("coin/toss") == full.find("coin/toss")


def test_full_effort_has_no_banner(shown):
    pages.start("coin/toss", effort="full")
    assert shown == []


def test_smoke_effort_says_that_its_numbers_are_not_to_be_quoted(shown):
    pages.start("coin/toss", effort="smoke")
    (bundle,) = shown
    assert "imc-smoke" in bundle["text/markdown"]
    assert "do not quote" in bundle["text/markdown"]


def test_verdicts_show_claim_paper_here_and_verdict(shown):
    page = pages.start("coin/toss")
    page.verdicts(["reram.coin", "reram.open"])
    head, _, coin, rolls = [line for line in shown[0]["text/markdown"].splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["claim", "paper", "here", "verdict"]
    for part in ("Section 1", "| 50 (±0.5) |", "50.10 ± 0.25", "✓ reproduced", "made up"):
        assert part in coin
    assert "rolls \\| far" in rolls
    assert "· not attempted" in rolls
    assert list(page.used) == ["coin/toss/defaults"]


def test_smoke_numbers_get_no_verdict(shown):
    pages.start("coin/toss", effort="smoke").verdicts(["reram.coin"])
    assert "| none at smoke |" in shown[1]["text/markdown"]
    assert "reproduced" not in shown[1]["text/markdown"]


def test_an_unknown_claim_is_named(shown):
    with pytest.raises(UserError, match=r"'reram\.none'"):
        pages.start("coin/toss").verdicts(["reram.none"])


def test_figure_shows_svg_with_alt_caption_and_csv(shown):
    pages.start("coin/toss").figure(
        labelled(), name="heads", caption="Heads *grow*.", alt="A line that rises", data=DATA
    )
    picture, caption = shown
    assert picture["text/plain"] == "A line that rises"
    assert 'aria-label="A line that rises"' in picture["image/svg+xml"]
    assert 'id="fig-heads"' in caption["text/markdown"]
    assert "Heads *grow*." in caption["text/markdown"]
    assert 'download="coin-toss-heads.csv"' in caption["text/markdown"]


@pytest.mark.parametrize(
    "wrong",
    [{"alt": ""}, {"alt": "a figure"}, {"caption": " "}, {"name": "Two words"}, {"name": "taken"}],
)
def test_a_figure_without_its_words_is_refused(shown, wrong):
    page = pages.start("coin/toss")
    page.table(DATA, name="taken", caption="A table.")
    with pytest.raises(UserError):
        page.figure(
            labelled(), **{"name": "x", "caption": "c", "alt": "A line that rises", "data": DATA, **wrong}
        )


def test_table_shows_caption_csv_and_rows(shown):
    pages.start("coin/toss").table(DATA, name="heads", caption="All tosses.")
    caption, table = (bundle["text/markdown"] for bundle in shown)
    assert "All tosses." in caption
    assert "coin-toss-heads.csv" in caption
    assert "| 2 | 4 |" in table


def test_rerun_line_and_its_expected_time(shown):
    page = pages.start("coin/toss")
    page.obtain("coin/toss")
    page.rerun("seeds 2", "effort smoke")
    text = shown[0]["text/markdown"]
    assert "papermill book/coin/toss.ipynb out.ipynb -p seeds 2 -p effort smoke" in text
    assert "About 4 s on 2 cores" in text


def test_provenance_names_records_source_seeds_and_time(shown):
    page = pages.start("coin/toss")
    page.obtain("coin/toss")
    page.provenance()
    text = shown[0]["text/markdown"]
    for part in ("`coin/toss/defaults`", ".toss`", "at commit", "**Seeds** 0 to 2", "numpy", "**In** 1 s"):
        assert part in text


def test_provenance_without_log_or_records(shown, tmp_path):
    page = pages.start("coin/toss")
    page.provenance()
    page.obtain("coin/toss").path.with_suffix(".log.json").unlink()
    page.provenance()
    assert "none" in shown[0]["text/markdown"]
    assert "**In**" not in shown[1]["text/markdown"]


def test_a_users_mistake_is_shown_as_one_sentence_and_fails_the_cell(monkeypatch, capsys):
    shell = InteractiveShell()
    monkeypatch.setattr(pages, "get_ipython", lambda: shell)
    pages.start("coin/toss")
    result = shell.run_cell(
        "from imc.errors import UserError\nraise UserError('seeds = 0: it should be 1 or more')"
    )
    assert isinstance(result.error_in_exec, UserError)
    assert capsys.readouterr().out.strip() == "imc: seeds = 0: it should be 1 or more"


def test_a_page_needs_no_torch_and_no_pyplot():
    slow = ("torch", "matplotlib.pyplot", "sklearn")
    code = "import sys, imc.pages.page; from imc.runs import experiments; experiments.every(); "
    code += f"print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("history", [True, False])
def test_a_page_has_its_parameters_whether_or_not_cells_are_remembered(monkeypatch, history):
    """nbval runs cells without a history."""
    shell = InteractiveShell()
    monkeypatch.setattr(pages, "get_ipython", lambda: shell)
    shell.user_ns["begun"] = []
    shell.run_cell('effort = "full"\nseeds = 4  # coins', store_history=history)
    cell = "from imc.pages import page; begun.append(page.start('coin/toss', 'seeds'))"
    result = shell.run_cell(cell, store_history=history)
    assert result.success
    (begun,) = shell.user_ns["begun"]
    assert (begun.effort, begun.values) == ("full", {"seeds": 4})
