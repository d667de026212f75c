"""A job of Hydra's, which configures logging anew for each job: a console handler and a file in the job's folder."""

import logging
import warnings

import hydra
from omegaconf import DictConfig

log = logging.getLogger(__name__)


@hydra.main(version_base=None, config_path=None)
def main(config: DictConfig) -> float:
    """Log what there is to log."""
    log.info("alpha is %s", config.alpha, extra={"metrics": {"alpha": config.alpha}})
    log.debug("below the level that Hydra sets")
    logging.getLogger("deep.in.a.library").warning("something about %s", config.alpha)
    return float(config.alpha)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
