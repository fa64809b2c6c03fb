"""The calculations that a thought in prose writes out: found, computed again, and compared.

signs      the signs, numbers and words of a line
formulas   where a calculation begins and ends, and what it comes to
checks     which of a thought's calculations hold
"""
