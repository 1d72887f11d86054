"""The commands of `callboard`: one module per group, each with its `COMMANDS` by name.

Modules import nothing heavy at their top: `callboard --help` loads them all.
"""
