"""Thoughts: reading, executing and judging what teachers and students write.

`execute.execute` and `execute.judge` are the way in; `answers` says when two answers are the same.
"""
