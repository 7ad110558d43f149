"""From a page's source to the executed notebook in the book.

    notebooks/<paper>/<page>.md ─ jupytext ─ papermill ─ clean ─► book/<paper>/<page>.ipynb

`pages` executes and writes, `clean` takes out what differs from one execution to the next, and `inputs`
knows what a page was made from, so that only pages whose inputs changed are executed again.
"""
