"""Log a greeting, a number, and a file into ./outputs."""

from pathlib import Path

from runlogging.azureml import Run

run = Run.get_context()
print("hello from", run.id)
run.log("greeting", "hello")
run.log("letters", len("hello"))

outputs = Path("outputs")
outputs.mkdir(exist_ok=True)
(outputs / "hello.txt").write_text("hello\n", encoding="utf-8")
