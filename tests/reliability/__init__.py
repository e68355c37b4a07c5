"""Kills, power cuts and broken disks against the real program, and the table of promises that comes of them.

    line        a live line: four calls at once, in real time, with what was said in them
    subject     the program under test, in a process of its own that may be killed at any moment
    judge       a store after a fault, compared with what was said
    kills       kill -9 at random moments; and again while the start repairs
    power       the file system is cut off under the program
    mutants     each sync and each order of steps, taken away from the code: tests must notice
    promises    one row of the table
    run         `make reliability`: all of it, and the table

Each campaign is a function of a seed and a number of cycles, and gives back rows of the table; `run` and the tests
call it with other numbers. What fails keeps its folder, and says where it is.
"""
