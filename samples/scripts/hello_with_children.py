"""Make five children, and log a number to each."""

from runlogging.azureml import Run

run = Run.get_context()
for number in range(5):
    with run.child_run(f"child {number}") as child:
        child.log("square", number**2)
        print("hello from child", number)
