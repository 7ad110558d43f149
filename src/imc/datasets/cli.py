"""``python -m imc data``: what data is where, and getting it."""

import typer
from rich.console import Console
from rich.table import Table

from imc import datasets
from imc.errors import UserError
from imc.paths import data_dirs

app = typer.Typer(no_args_is_help=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """Show every data set: where it is, its size, and whether it is what it should be."""
    if context.invoked_subcommand:
        return
    console = Console(soft_wrap=True)
    with console.status("verifying what has not been verified yet"):
        every = datasets.status(verify=True)
    table = Table("data set", "where", "MB", "verified", "what it is", box=None, header_style="bold")
    for one in every:
        size = f"{one.size / 1e6:.1f}" if one.size else ""
        verified = {True: "[green]yes[/green]", False: "[red]no[/red]", None: ""}[one.verified]
        table.add_row(one.name, one.where or "[dim]not here[/dim]", size, verified, one.title)
    console.print(table)
    console.print(
        f"\nSearched, in this order: {', '.join(str(folder) for folder in data_dirs())}", highlight=False
    )
    if faults := [one.fault for one in every if one.fault]:
        raise UserError("; ".join(faults))


@app.command()
def fetch(name: str = typer.Argument(help="a data set, for example mnist")) -> None:
    """Find or download a data set, and verify it."""
    got = datasets.load(name)
    Console(soft_wrap=True).print(f"{name}: verified, {got.source}", highlight=False)
