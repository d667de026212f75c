"""Find the best alpha of a run in three ways: with runlogging, with plain Python, with DuckDB.

Usage: read_run.py [RUN_FOLDER]; without one, the newest run below runs/.
"""

import json
import sys
from pathlib import Path

from runlogging import list_runs, open_run


def best_with_runlogging(run_path: Path) -> float:
    """Read the run through the package: several writers, records out of order and torn lines are seen to."""
    run = open_run(run_path)
    mse = run.series("mse")
    alpha_at = {point.step: point.value for point in run.series("alpha")}
    best = min(mse, key=lambda point: point.value)
    return float(alpha_at[best.step])


def best_with_json(run_path: Path) -> float:
    """Read the stream as it is, as ``jq -s 'map(.metrics) | min_by(.mse) | .alpha' metrics.jsonl`` does."""
    text = (run_path / "metrics.jsonl").read_text(encoding="utf-8")
    metrics = [json.loads(line)["metrics"] for line in text.splitlines()]
    return float(min(metrics, key=lambda metric: metric["mse"])["alpha"])


def best_with_duckdb(run_path: Path) -> float | None:
    """Ask the streams of all writers with SQL; None where duckdb is not installed."""
    try:
        import duckdb
    except ImportError:
        return None
    query = "select metrics.alpha from read_json(?) order by metrics.mse limit 1"
    row = duckdb.execute(query, [str(run_path / "metrics*.jsonl")]).fetchone()
    return float(row[0])


def main() -> None:
    """Print the three answers."""
    run_path = Path(sys.argv[1]) if len(sys.argv) > 1 else list_runs("runs")[0].path
    ways = {"runlogging": best_with_runlogging, "json": best_with_json, "duckdb": best_with_duckdb}
    for name, best in ways.items():
        alpha = best(run_path)
        answer = "skipped, duckdb is not installed" if alpha is None else f"best alpha {alpha:.2f}"
        print(f"{name:<10}  {answer}")


if __name__ == "__main__":
    main()
