# runs -> pages -> book. Every rule is one shell line over `python -m imc ...`; what needs doing is asked of
# the package. `make book` and `make rerun` call this; profiles/ say where it computes.
import sys
from functools import cache
from pathlib import Path

from imc.paths import ROOT, results_dir
from imc.pages import publishing

PYTHON = sys.executable
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
BUILT = ROOT / "_build"
RESULTS = results_dir()
STAMPS = [BUILT / "pages" / f"{page}@{digest}" for page, digest in publishing.stale().items()]


@cache
def runs():
    from imc.runs import batch  # loads all experiments, which the book does not need

    return batch.chosen(config.get("list") or "", config.get("only") or "")


rule book:
    input:
        STAMPS,
        BUILT / "book.done",


rule rerun:
    input:
        lambda w: [RESULTS / f"{stem}.json" for stem in runs()],


# The record is an `update`, so that Snakemake never removes one: a run that finds its finished record, from a
# start that was killed, verifies it and is done.
rule run:
    output:
        update(RESULTS / "{stem}.json"),
    log:
        "_build/logs/{stem}.log",
    params:
        words=lambda w: runs()[w.stem].words,
    resources:
        runtime=lambda w: runs()[w.stem].minutes,
        mem_mb=4000,
    shell:
        "{PYTHON} -m imc run {params.words} > {log} 2>&1"


# The output is a stamp named after the digest of the page's inputs, not the notebook: Snakemake removes the
# outputs of a failed or killed job, and the book keeps the last good notebook of a page.
rule page:
    output:
        touch(BUILT / "pages" / "{page}@{digest}"),
    shell:
        "{PYTHON} -m imc.pages {wildcards.page}"


# Warnings fail the build. Sphinx gives them only for pages that it reads anew, so a failed build forgets them all.
rule html:
    input:
        STAMPS,
        publishing.book_files(),
    output:
        touch(BUILT / "book.done"),
    shell:
        "cd {ROOT} && {JUPYTER_BOOK} build . -W -n --keep-going --quiet > /dev/null"
        " || (rm -rf {BUILT}/.doctrees; exit 1)"
