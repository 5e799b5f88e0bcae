"""The numbers with which a command ends, which tell the shell how it went.

75 is sysexits.h's EX_TEMPFAIL: the same command, given again, goes on. 130 is the shell's own for a
program that SIGINT ended.
"""

DONE = 0
BUG = 1
BAD_INPUT = 2
SOME_FAILED = 3
STOPPED = 75
INTERRUPTED = 130
