"""What an editor asks of a spec, answered by pure functions over the compiler; `server` speaks the protocol.

Imported by no part of the compiler.
"""
