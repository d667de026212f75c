"""Which end of a metric is the good one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from runlogging._errors import InvalidValueError

Goal = Literal["minimize", "maximize"]

_LOWER = frozenset(
    (
        *("loss", "losses", "logloss", "nll", "ppl", "perplexity", "crossentropy", "brier", "bpb", "bpc"),
        *("error", "errors", "err", "mse", "rmse", "mae", "medae", "mape", "smape", "msle", "rmsle"),
        *("wer", "cer", "fid", "regret"),
    )
)
_HIGHER = frozenset(
    (
        *("acc", "accuracy", "f1", "auc", "auroc", "auprc", "roc", "r2", "score", "scores", "precision", "recall"),
        *("sensitivity", "specificity", "map", "ndcg", "mrr", "mcc", "kappa", "iou", "miou", "dice"),
        *("bleu", "rouge", "meteor", "psnr", "ssim", "reward"),
    )
)
_NEGATED = frozenset({"neg", "negative"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile(r"[\W_]+")


def guessed_goal(name: str) -> Goal | None:
    """Guess from a metric's name whether less or more is better; None where no word says so.

    The name is split into words at ``_ - . /``, spaces and camelCase. The last word that is known decides, so
    ``precision_loss`` is a loss. ``neg`` in front, as scikit-learn has it in ``neg_mean_squared_error``, turns it
    round. Of digits behind a word (``acc1``, ``top5``) only those that belong to a known word count.
    """
    words = list(_words(name))
    for word in reversed(words):
        goal = _goal_of(word) or _goal_of(word.rstrip("0123456789"))
        if goal is not None:
            return _other(goal) if _NEGATED & set(words) else goal
    return None


def _words(name: str) -> Iterator[str]:
    for word in _BETWEEN.split(name):
        yield from _CAMEL.sub("_", word).lower().split("_")
        yield word.lower()  # mAP is one word


def goal_for(name: str, given: Mapping[str, Goal | None] | None) -> Goal | None:
    """Return the goal that was given for a metric, else the guess."""
    return given[name] if given and name in given else guessed_goal(name)


def checked_goals(given: Mapping[str, Goal | None] | None) -> None:
    """Refuse goals that are none.

    Raises:
        InvalidValueError: one is neither "minimize", "maximize" nor None.
    """
    for name, goal in (given or {}).items():
        if goal is not None and goal not in get_args(Goal):
            raise InvalidValueError(f"the goal of {name!r} is 'minimize', 'maximize' or None, not {goal!r:.80}")


def _goal_of(word: str) -> Goal | None:
    return "minimize" if word in _LOWER else "maximize" if word in _HIGHER else None


def _other(goal: Goal) -> Goal:
    return "maximize" if goal == "minimize" else "minimize"
