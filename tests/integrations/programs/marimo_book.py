"""A marimo notebook: a cell that trains and shows details, and one that shows the run."""

import marimo

app = marimo.App()


@app.cell
def _():
    from runlogging import start_run
    from runlogging.notebook import RunDetails

    with start_run("marimo", "runs") as run:
        details = RunDetails(run)
        for step in range(5):
            run.log("loss", 1 / (step + 1), step=step)
    details  # noqa: B018  (a cell shows its last expression)
    return (run,)


@app.cell
def _(run):
    run  # noqa: B018
    return


if __name__ == "__main__":
    app.run()
