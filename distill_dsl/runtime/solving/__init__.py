"""A question put to a trained student: its thoughts, what they come to, and why a strategy chose one.

Above the stages, since it does for one question what they do for a test set, with their functions.
"""
