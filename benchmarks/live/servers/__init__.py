"""Servers that do one thing, each a program: who says `emit` has the next event sent to everybody.

All of them print their port first, send the same event without compression, and run until they are ended.
"""
