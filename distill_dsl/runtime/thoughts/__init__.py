"""Thoughts: reading, executing and judging what teachers and students write.

execute        the way in: raw completions in, executions out
extract        the executable part of a completion
text           prose                       answers        what an answer is, and when two are the same
programs       Python                      calculations   those that prose writes out, computed again
unknowns       Python that states unknowns and equations
systems        equations, by `solver` and the package `equations`
judging        an execution compared with gold
kept           executions that are known already
mixing         right thoughts become training examples
"""
