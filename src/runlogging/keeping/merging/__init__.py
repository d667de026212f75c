"""Roots that were copied together become one."""
