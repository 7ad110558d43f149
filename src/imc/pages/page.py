"""What a page of the book is built from.

A page asks for records, draws figures and tables from them, holds them against the paper's claims, and ends
with the line that reruns it and the strip that says where its numbers come from::

    page = pages.start("reram/activation-precision", "seeds")
    record = page.obtain("reram/mlp", activation_bits=2)
    page.figure(figure, name="accuracy", caption="...", alt="...", data=table)
    page.provenance()

A page needs no torch; every mistake of its reader is shown as one sentence.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from imc import claims, runs
from imc.errors import UserError
from imc.pages import claim_rows, figures, parameters, players, svg, tables
from imc.pages.provenance_strip import duration, expected_seconds, strip
from imc.paths import record_path
from imc.runs import experiments, records
from imc.runs.records import Record

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_SMOKE = (
    "**Smoke numbers: do not quote them.** This page ran at effort `smoke`: every line of code, for seconds, "
    "on small stand-in data. Its numbers show that the code works and say nothing about the paper."
)


def start(name: str, *shared: str, **values: Any) -> "Page":
    """Begin the page `name` (``paper/page``): its first statement, before any parameter is used.

    Sets the house style and short errors, checks the page's parameters (see `imc.pages.parameters`), puts
    what they are at this effort back into the notebook, and shows a banner unless the effort is full.

    Args:
        shared: parameters such as ``"seeds"`` that every experiment and claim on the page takes whose
            configuration has such a field.
        values: further values for these, which are no parameters.

    Raises:
        UserError: for a parameter or value that nothing on the page has, or a wrong value.
    """
    figures.use()
    shell = get_ipython()
    found: dict[str, Any] = {}
    if shell is not None:
        shell.set_custom_exc((UserError,), _one_sentence)
        cells = shell.user_ns["In"][1:-1]
        found = parameters.given(cells, partial(_smoke_value, name.partition("/")[0]))
        shell.user_ns.update(found)
        if not found:  # nbval keeps no history of cells: their parameters are what they assigned
            found = {one: shell.user_ns[one] for one in (*shared, "effort") if one in shell.user_ns}
    for one in shared:
        parameters.require_known(one, found)
    values = {one: found[one] for one in shared} | values
    effort = values.pop("effort", found.get("effort", "full"))
    fields = {field for experiment in experiments.every().values() for field in experiment.config.fields()}
    for one in values:
        parameters.require_known(one, dict.fromkeys(sorted(fields)))
    page = Page(name, effort, values)
    if effort != "full":
        _block("imc-smoke", _SMOKE, role="note")
    return page


def _smoke_value(paper: str, name: str) -> Any:
    """What a paper's configurations take for a field at smoke effort; None where they do not say."""
    for experiment in experiments.every().values():
        small = experiment.config.smoke_values() if experiment.name.startswith(f"{paper}/") else {}
        if name in small:
            return small[name]
    return None


class Page:
    """One page while it is being built.

    Attributes:
        name: ``paper/page``.
        effort, values: its parameters.
        used: the records it has used so far, by ``experiment/stem``.
    """

    def __init__(self, name: str, effort: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self.effort = effort
        self.values = dict(values)
        self.used: dict[str, Record] = {}
        self._names: set[str] = set()
        self._numbers = {"Figure": 0, "Table": 0}

    def obtain(self, experiment: str, /, **config: Any) -> Record:
        """The record of this configuration, found or computed now; `config` wins over the page's values.

        Raises:
            UserError: for a wrong configuration, or data that is not at hand.
        """
        return self._use(runs.obtain(experiment, **self._values(experiment, config)))

    def find(self, experiment: str, /, **config: Any) -> Record | None:
        """As `obtain`, but None where there is no record: for what takes hours, so that a page shows what
        there is. Below full effort it is computed.
        """
        if self.effort != "full":
            return self.obtain(experiment, **config)
        record = runs.find(experiment, **self._values(experiment, config))
        return self._use(record) if record else None

    def _values(self, experiment: str, config: Mapping[str, Any]) -> dict[str, Any]:
        fields = experiments.find(experiment).config.fields()
        mine = {name: value for name, value in self.values.items() if name in fields}
        return {"effort": self.effort, **mine, **config}

    def _use(self, record: Record) -> Record:
        self.used[f"{record.experiment}/{record.path.stem}"] = record
        return record

    def text(self, markdown: str) -> None:
        """A sentence whose numbers are computed: an f-string of MyST Markdown."""
        _markdown(markdown)

    def verdicts(self, ids: Sequence[str], *, folded: str = "") -> None:
        """The table of claims, one row each: what the paper prints, what we find, the verdict.

        `folded` is what the rows are together, such as ``"The numbers of Table 4"``: then only the counts of
        their verdicts stand there, and the rows open on demand. Below full effort there are no verdicts.
        """
        known = claims.load()
        missing = [i for i in ids if i not in known]
        if missing:
            raise UserError(f"there is no claim '{missing[0]}' in {claims.FOLDER.name}/")
        values = {"effort": self.effort, **self.values}
        found = [claims.evaluate(known[i], compute=True, **values) for i in ids]
        for verdict in found:
            self.used |= {n: records.read(record_path(n)) for n in verdict.records if n not in self.used}
        without = "" if self.effort == "full" else f"none at {self.effort}"
        table = tables.markdown(claim_rows.table(found, without_verdict=without))
        if folded:
            head = f"{folded}: {without or claim_rows.counted(found)}"
            table = f"<details>\n<summary>{head}</summary>\n\n{table}\n\n</details>"
        _block("imc-verdicts", table)

    def figure(self, figure: Figure, *, name: str, caption: str, alt: str, data: pd.DataFrame | None) -> None:
        """Show `figure` as SVG with its caption, its text for those who do not see it, and its CSV.

        `name` is a short word, once a page: it names the CSV and anchors links as ``#fig-<name>``. The
        caption is Markdown. `data` is None for a drawing that shows no numbers.

        Raises:
            UserError: for a name malformed or taken, no caption, too short an alt text, an unlabelled axis.
        """
        self._claim_name(name)
        if len(alt.split()) < 4 or not caption.strip():
            raise UserError(f"figure '{name}' needs a caption, and an alt text that says what it shows")
        figures.finish(figure)
        drawing = svg.render(figure, f"{self.name.replace('/', '-')}-{name}", alt)
        display({"image/svg+xml": drawing, "text/plain": alt}, raw=True)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close(figure)
        link = "" if data is None else self._csv(data, name)
        _block("imc-caption", f"{self._number('Figure')} {caption} {link}", id=f"fig-{name}")

    def play(
        self,
        model: str,
        *,
        name: str,
        data: Mapping[str, Any],
        figure: Figure,
        caption: str,
        alt: str,
        csv: pd.DataFrame | None,
    ) -> None:
        """Show `figure` as ever, and in its place, where scripts run, a player: `model` started from `data`.

        The figure shows what the player starts with; `csv` is its data. See `imc.pages.players`.

        Raises:
            UserError: as `figure` does; if there is no such model, or a number in `data` is not finite.
        """
        box = players.box(model, name, alt, data)
        self.figure(figure, name=name, caption=caption, alt=alt, data=csv)
        _markdown(box)

    def table(
        self,
        table: pd.DataFrame,
        *,
        name: str,
        caption: str,
        data: pd.DataFrame | None = None,
        filters: Sequence[str] = (),
    ) -> None:
        """Show `table` with its caption above and its CSV; columns carry their unit, the index is left out.

        `data` is what the CSV holds where the shown cells are made for reading; `filters` names columns by
        whose values the reader can choose rows.

        Raises:
            UserError: for a name that is malformed or taken, or an empty caption.
        """
        self._claim_name(name)
        if not caption.strip():
            raise UserError(f"table '{name}' needs a caption")
        link = self._csv(table if data is None else data, name)
        _block("imc-caption", f"{self._number('Table')} {caption} {link}", id=f"tab-{name}")
        if filters:
            _block("imc-filterable", tables.markdown(table), **{"data-filter": ",".join(filters)})
        else:
            _markdown(tables.markdown(table))

    def open_points(self, points: Sequence[str]) -> None:
        """What the paper leaves open and this page had to choose, one Markdown sentence each."""
        items = "\n".join(f"- {point}" for point in points)
        _block("imc-open-points", f"**What the paper leaves open**\n\n{items}")

    def rerun(self, *parameters: str) -> None:
        """The line that reruns the page with other `parameters` (``"seeds 2"``), and how long that takes."""
        words = [parameter.split(maxsplit=1) for parameter in parameters]
        options = "".join(f" -p {name} {value}" for name, value in words)
        line = f"papermill book/{self.name}.ipynb out.ipynb{options}"
        seconds = expected_seconds(self.used.values(), dict(words))
        time = f"About {duration(seconds)} on 2 cores with these values; " if parameters else ""
        after = f"{time}without `-p` the page reads its records and takes seconds."
        head = "**Run it again** from the root of the repository"
        _block("imc-rerun", f"{head}\n\n```bash\n{line}\n```\n\n{after}")

    def provenance(self) -> None:
        """The strip that says where the page's numbers come from."""
        _block("imc-provenance", strip(list(self.used.values())), role="note")

    def _number(self, kind: str) -> str:
        """``**Figure 2.**``: figures and tables are counted on each page."""
        self._numbers[kind] += 1
        return f"**{kind} {self._numbers[kind]}.**"

    def _claim_name(self, name: str) -> None:
        if not _NAME.fullmatch(name) or name in self._names:
            raise UserError(f"'{name}' names no figure or table: lower-case words with dashes, once a page")
        self._names.add(name)

    def _csv(self, data: pd.DataFrame, name: str) -> str:
        return tables.csv_link(data, f"{self.name.replace('/', '-')}-{name}")


def _markdown(text: str) -> None:
    display({"text/markdown": text}, raw=True)


def _block(style: str, text: str, **attributes: str) -> None:
    """Markdown inside a ``<div>`` that the style sheet knows."""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    _markdown(f'<div class="{style}"{more}>\n\n{text}\n\n</div>')


def _one_sentence(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, tb_offset: Any = None
) -> list[str]:
    """What IPython shows for a `UserError`: the sentence; the cell still counts as failed."""
    lines = [f"imc: {error}"]
    shell._showtraceback(kind, error, lines)
    return lines
