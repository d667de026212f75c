"""Fit ridge regressions of 20 strengths and log the error of each.

The script knows only Python's own logging. That its records are kept in a run folder is said in
logging_config.json. It writes runs/ and outputs/ into the working directory.
"""

import json
import logging
import logging.config
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

log = logging.getLogger("train")


def main() -> None:
    """Configure logging from the file beside this script, then fit and log."""
    config = Path(__file__).with_name("logging_config.json")
    logging.config.dictConfig(json.loads(config.read_text(encoding="utf-8")))

    features, target = load_diabetes(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(features, target, test_size=0.2, random_state=0)
    log.info("%d rows to train on, %d to test on", len(x_train), len(x_test))

    outputs = Path("outputs")
    outputs.mkdir(exist_ok=True)
    for i, alpha in enumerate(np.arange(0.0, 1.0, 0.05)):
        model = Ridge(alpha=alpha).fit(x_train, y_train)
        mse = mean_squared_error(y_test, model.predict(x_test))
        metrics = {"alpha": alpha, "mse": mse}
        log.info("alpha %.2f: mse %.3f", alpha, mse, extra={"metrics": metrics, "step": i})
        joblib.dump(model, outputs / f"ridge_{alpha:.2f}.pkl")


if __name__ == "__main__":
    main()
