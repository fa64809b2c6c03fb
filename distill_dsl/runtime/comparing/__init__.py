"""Two versions of a project, or two of its runs: what they measured, and whether that is more than chance.

naming -> layout -> version -> meetings -> contests, quantities, yields -> comparison -> shown, document
"""
