"""scikit-learn with verbose output: prints of Python, prints of C, warnings; and records between them."""

import logging

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

log = logging.getLogger("fit")

if __name__ == "__main__":
    generator = np.random.default_rng(1)
    X = generator.normal(size=(60, 3))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    MLPClassifier((4,), max_iter=5, random_state=1, verbose=True).fit(X, y)
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s:%(name)s:%(message)s")
    logging.captureWarnings(True)
    models = (
        LogisticRegression(solver="liblinear", verbose=1),
        GradientBoostingRegressor(n_estimators=3, random_state=1, verbose=2),
        RandomForestClassifier(n_estimators=3, random_state=1, verbose=3),
        MLPClassifier((4,), max_iter=2, random_state=1, verbose=True),
    )
    for step, model in enumerate(models):
        score = model.fit(X, y).score(X, y)
        log.debug("fitted %s", type(model).__name__, extra={"metrics": {"score": score}, "step": step})
