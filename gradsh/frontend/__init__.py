"""What PyTorch's own source runs on: classes, exceptions, modules, attributes and printing as Python has them.

Only what a program has bound, and what stands in a list here, can be reached: nothing looks an attribute up on a host
object by a name that the program gave.
"""

__acts_for_programs__ = True
