"""Whether a run is whole: lines, numbers, checksums."""
