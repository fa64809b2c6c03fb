"""Text that nobody has read, run in processes that can do nothing but compute.

    supervisor   hands out jobs, collects replies, keeps deadlines of its own
    worker       imports, locks itself, forks a child for every order, watches it
    child        gives up what a worker still has, runs its jobs, ends
    layers, filters, linux   the walls, and the kernel's calls that raise them
    level        which walls must stand
    mailbox, frames          what goes between them

What a job is, and what its text means, is for the module that a `Kind` names.
"""
