"""Search the strength of a ridge regression with Optuna: a run for the study, a child run for each trial.

Optuna says what it does through Python's own logging; the open run has these records without a line of code for it. A
trial's run has its parameters, and its error after each fold as a metric. The script writes runs/ into the working
directory.
"""

from __future__ import annotations

import argparse

import numpy as np
import optuna
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import KFold

from runlogging import Run, start_run

FOLDS = 5


def folds_of_data() -> list[tuple[np.ndarray, ...]]:
    """Return the data of each fold: features and targets to train on, then those to test on."""
    features, target = load_diabetes(return_X_y=True)
    splits = KFold(FOLDS, shuffle=True, random_state=0).split(features)
    return [(features[train], target[train], features[test], target[test]) for train, test in splits]


class Objective:
    """What Optuna calls for each trial.

    Args:
        parent: the run of the study.
    """

    def __init__(self, parent: Run) -> None:
        self._parent = parent
        self._folds = folds_of_data()

    def __call__(self, trial: optuna.Trial) -> float:
        """Return the mean error of a trial over its folds; a child run keeps how it came about."""
        # A context manager would call a pruned trial a failure: it is none.
        child = self._parent.child_run(f"trial {trial.number}", tags={"trial": trial.number})
        try:
            with child.activate():
                error = self._error(trial, child)
        except optuna.TrialPruned:
            child.tag("pruned")
            child.cancel()
            raise
        except BaseException as problem:
            child.fail(problem)
            raise
        child.complete()
        return error

    def _error(self, trial: optuna.Trial, child: Run) -> float:
        alpha = trial.suggest_float("alpha", 1e-3, 10.0, log=True)
        solver = trial.suggest_categorical("solver", ["cholesky", "svd"])
        child.set_parameters(trial.params)
        errors = []
        for fold, (x_train, y_train, x_test, y_test) in enumerate(self._folds):
            model = Ridge(alpha=alpha, solver=solver).fit(x_train, y_train)
            errors.append(mean_squared_error(y_test, model.predict(x_test)))
            so_far = float(np.mean(errors))
            child.log("mse so far", so_far, step=fold)
            trial.report(so_far, fold)
            if trial.should_prune():
                raise optuna.TrialPruned(f"worse than the median after fold {fold}")
        child.log("mse", so_far)
        return so_far


def main() -> None:
    """Run the study, and say which trial was the best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    with start_run("optuna-ridge", tags={"sampler": "TPE", "pruner": "median"}) as run:
        study = optuna.create_study(
            study_name="ridge",
            sampler=optuna.samplers.TPESampler(seed=options.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )
        study.optimize(Objective(run), n_trials=options.trials)
        run.set_parameters(study.best_params)
        run.log("best mse", study.best_value)
        run.tag("best trial", study.best_trial.number)

    pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    print(f"{len(study.trials)} trials, {pruned} pruned")
    print(f"best: trial {study.best_trial.number}, mse {study.best_value:.2f}, {study.best_params}")
    print(run.path)


if __name__ == "__main__":
    main()
