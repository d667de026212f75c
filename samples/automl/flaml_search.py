"""Let FLAML look for a model of the diabetes data: a run for the search, a child run for each model that it tried.

FLAML says what it does through Python's own logging: the open run has these records. The models that it tried come from
its own log of the search, which is kept as a file of the run. The script writes runs/ and flaml.log into the working
directory.
"""

from __future__ import annotations

import argparse

from flaml import AutoML
from flaml.automl.training_log import training_log_reader
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

from runlogging import Run, start_run

LOG = "flaml.log"


def keep_tries(run: Run) -> int:
    """Make a child of each model that the search logged, with its settings and error; return how many."""
    with training_log_reader(LOG) as reader:
        tries = list(reader.records())
    for number, tried in enumerate(tries):
        run.log_metrics({"mse": tried.validation_loss, "seconds": tried.wall_clock_time}, step=number)
        name, tags = f"{tried.learner} {number}", {"learner": tried.learner}
        with run.child_run(name, tags=tags, parameters=tried.config) as child:
            child.log("mse", tried.validation_loss)
    return len(tries)


def main() -> None:
    """Search, keep what was tried, and say what is the best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=12, help="how many models are tried")
    options = parser.parse_args()

    features, target = load_diabetes(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(features, target, test_size=0.2, random_state=0)
    settings = {"task": "regression", "metric": "mse", "estimator_list": ["rf", "extra_tree", "kneighbor"]}
    with start_run("flaml-diabetes", parameters=settings) as run:
        search = AutoML()
        search.fit(
            x_train,
            y_train,
            **settings,
            max_iter=options.models,
            time_budget=-1,
            seed=0,
            n_jobs=1,
            log_file_name=LOG,
            log_type="all",
            verbose=3,
        )
        tried = keep_tries(run)
        run.upload_file(LOG, LOG)
        error = mean_squared_error(y_test, search.predict(x_test))
        run.log("mse on the test rows", error)
        run.tag("best learner", search.best_estimator)

    print(f"{tried} models tried")
    print(f"best: {search.best_estimator}, mse {error:.2f}, {search.best_config}")
    print(run.path)


if __name__ == "__main__":
    main()
