# runs -> pages -> book. Every rule is one shell line over `python -m imc ...`; what needs doing is asked of
# the package. `make book` and `make rerun` call this; profiles/ say where it computes. Folders may be called
# anything: what goes into a shell line is quoted (:q), and braces of a path are no wildcards.
import sys
from functools import cache

from imc.pages import publishing
from imc.paths import results_dir

PYTHON = sys.executable
RESULTS = results_dir()
STAMPS = [f"_build/pages/{page}@{digest}" for page, digest in publishing.stale().items()]


@cache
def runs():
    from imc.runs import batch  # loads all experiments, which the book does not need

    return batch.chosen(config.get("list") or "", config.get("only") or "")


# Without an output it is always due: the package knows whether there is anything to build.
rule book:
    input:
        STAMPS,
    shell:
        "{PYTHON:q} -m imc.pages.build"


rule rerun:
    input:
        lambda w: [RESULTS / f"{stem}.json" for stem in runs()],


# The record is an `update`, so that Snakemake never removes one: a run that finds its finished record, from a
# start that was killed, verifies it and is done.
rule run:
    input:
        lambda w: [ancient(path) for path in runs()[w.stem].needs],
    output:
        update(str(RESULTS).replace("{", "{{").replace("}", "}}") + "/{stem}.json"),
    log:
        "_build/logs/{stem}.log",
    params:
        words=lambda w: runs()[w.stem].words,
    resources:
        runtime=lambda w: runs()[w.stem].minutes,
        mem_mb=4000,
    shell:
        "{PYTHON:q} -m imc run {params.words} > {log:q} 2>&1"


# The output is a stamp named after the digest of the page's inputs, not the notebook: Snakemake removes the
# outputs of a failed or killed job, and the book keeps the last good notebook of a page.
rule page:
    output:
        touch("_build/pages/{page}@{digest}"),
    shell:
        "{PYTHON:q} -m imc.pages {wildcards.page:q}"
