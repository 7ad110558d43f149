"""The command line: ``python -m imc run|runs|publish|verify|doctor|data``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from imc import runs
from imc.datasets.cli import app as data_app
from imc.errors import UserError
from imc.paths import results_dir
from imc.runs import commands, experiments, records

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    help=__doc__,
    rich_markup_mode=None,
)
app.add_typer(data_app, name="data")
_out = Console(soft_wrap=True)


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="for example reram/mlp; `imc runs` lists them")],
    values: Annotated[list[str] | None, typer.Argument(help="name=value, for example seeds=2")] = None,
    seed: Annotated[int | None, typer.Option(help="first seed (0)")] = None,
    effort: Annotated[str | None, typer.Option(help="full, or smoke for seconds on stand-in data")] = None,
    again: Annotated[bool, typer.Option("--again", help="compute even if a record is there")] = False,
) -> None:
    """Make one run, or find its record; print the record's path and metrics."""
    kind = experiments.find(experiment)
    options = {"seed": seed, "effort": effort}
    config = kind.config.parse([*(values or []), *(f"{k}={v}" for k, v in options.items() if v is not None)])
    path = records.path_of(kind.name, config, results_dir())
    record = records.read(path) if path.is_file() and not again else runs.make(kind, config, again=again)
    _out.print(str(record.path), style="bold", highlight=False)
    for line in _lines(record.metrics):
        _out.print("  " + line, highlight=False)


def _lines(metrics: dict, prefix: str = "") -> list[str]:
    lines: list[str] = []
    for name, value in metrics.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{prefix}{name}.")
        elif isinstance(value, list) and (len(value) > 12 or (value and isinstance(value[0], list))):
            lines.append(f"{prefix}{name}: {len(value)} values")
        else:
            lines.append(f"{prefix}{name}: {value}")
    return lines


@app.command("runs")
def list_runs(
    only: Annotated[str, typer.Option(help="experiments whose name starts so")] = "",
) -> None:
    """List the experiments and the runs that are published."""
    published = [(e, c) for e, c in runs.published() if e.name.startswith(only)]
    table = Table("experiment", "published", "minutes", "what it computes", box=None)
    table.columns[0].no_wrap = True
    for name, experiment in experiments.every().items():
        if name.startswith(only):
            mine = [c for e, c in published if e is experiment]
            minutes = sum(experiment.seconds(c) for c in mine) / 60
            table.add_row(name, str(len(mine)), f"{minutes:.1f}", experiment.summary)
    _out.print(table)


@app.command()
def publish(paths: Annotated[list[Path], typer.Argument(help="records below results/")]) -> None:
    """Copy finished full-effort records, with their arrays, into data/published."""
    for path in paths:
        _out.print(str(runs.publish(path)), highlight=False)


@app.command()
def verify(only: Annotated[str, typer.Option(help="records whose experiment/name starts so")] = "") -> None:
    """Evaluate the published checkpoints again on the data and hold the outcome against their records."""
    from imc.runs.verify import verify_all

    failed = verify_all(only, lambda line: _out.print(line, highlight=False))
    if failed:
        raise UserError(f"{failed} of the published checkpoints do not give what their records say")


@app.command()
def doctor() -> None:
    """Say what this machine has: cores, matrix units, data, records, and how long a recompute takes."""
    from imc.runs.doctor import report

    for title, line in report():
        _out.print(f"[bold]{title:<12}[/bold] {line}", highlight=False)


def main() -> None:
    """Run the command line; a user's mistake is one sentence and exit status 2."""
    commands.end(_called)


def _called() -> int | None:
    try:
        return app(standalone_mode=False)
    except typer.TyperException as error:
        raise UserError(error.format_message()) from None  # without words where help was printed
    except typer.Abort:
        raise KeyboardInterrupt from None
