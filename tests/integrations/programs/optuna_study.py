"""A study of Optuna, whose logger has a handler of its own and does not propagate, until it is told to."""

import logging
import sys

import optuna


def objective(trial: optuna.Trial) -> float:
    """Be a parabola; fail once."""
    x = trial.suggest_float("x", -1.0, 1.0)
    if trial.number == 2:
        raise ValueError("on purpose")
    return x * x


if __name__ == "__main__":
    study = optuna.create_study(study_name="parabola", sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=4, catch=(ValueError,))
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="root has %(name)s: %(message)s")
    optuna.logging.enable_propagation()
    study.optimize(objective, n_trials=1)
    optuna.logging.disable_default_handler()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study.optimize(objective, n_trials=1)
    logging.getLogger("study").info("best is %.3f", study.best_value, extra={"metrics": {"best": study.best_value}})
