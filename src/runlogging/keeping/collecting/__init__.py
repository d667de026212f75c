"""What can go: old runs and leftovers, planned first and deleted then."""
