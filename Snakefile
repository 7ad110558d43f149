# runs -> pages -> book. Every rule is one shell line over `python -m imc ...`; what needs doing is asked of
# the package. `make book` and `make rerun` call this; profiles/ say where it computes. Folders may be called
# anything: what goes into a shell line is quoted (:q), and as Snakemake takes braces for wildcards, it sees paths
# from here on.
import hashlib
import sys
from functools import cache
from pathlib import Path

from imc.errors import UserError
from imc.paths import results_dir


def near(path):
    """`path` from this folder on if it lies below, so that the folder's own name plays no part."""
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


PYTHON = sys.executable
RESULTS = near(results_dir())
NAMEABLE = not {*"{}"} & {*RESULTS}


@cache
def due():
    from imc.pages import publishing  # reads what every page was made from, which runs do not need

    return publishing.stale()


@cache
def runs():
    from imc.runs import batch  # loads all experiments, which the book does not need

    if not NAMEABLE:
        raise UserError(f"the workflow takes braces for wildcards: no IMC_RESULTS={RESULTS}, but one without")
    return batch.chosen(config.get("list") or "", config.get("only") or "")


# Without an output it is always due: the package knows whether there is anything to build.
rule book:
    input:
        lambda w: [f"_build/pages/{hashlib.sha256(repr(due()).encode()).hexdigest()}"] if due() else [],
    shell:
        "{PYTHON:q} -m imc.pages.build"


rule rerun:
    input:
        lambda w: [f"{RESULTS}/{stem}.json" for stem in runs()],


# The record is an `update`, so that Snakemake never removes one: a run that finds its finished record, from a
# start that was killed, verifies it and is done.
rule run:
    input:
        lambda w: [ancient(near(path)) for path in runs()[w.stem].needs],
    output:
        update((f"{RESULTS}/" if NAMEABLE else "") + "{stem}.json"),
    log:
        "_build/logs/{stem}.log",
    params:
        words=lambda w: runs()[w.stem].words,
    resources:
        runtime=lambda w: runs()[w.stem].minutes,
        mem_mb=4000,
    shell:
        "{PYTHON:q} -m imc run {params.words} > {log:q} 2>&1"


# All pages that are due are executed by one process, which shares among them what is slow. The output is a stamp
# named after the digests of their inputs, not the notebooks: Snakemake removes the outputs of a failed or killed
# job, and the book keeps the last good notebook of a page.
rule pages:
    output:
        touch("_build/pages/{digest}"),
    threads: workflow.resource_settings.cores or 1  # a cluster is given none
    params:
        names=lambda w: list(due()),
    shell:
        "{PYTHON:q} -m imc.pages --workers {threads} {params.names:q}"
