"""Streams as Parquet and back, and one table over a whole root."""
