"""Say hello, and take much longer than anybody wants to wait."""

import time

print("hello, this will take a while", flush=True)
time.sleep(600)
