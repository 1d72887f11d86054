"""Batch jobs: long solves that survive whatever ends the processes that work on them."""
