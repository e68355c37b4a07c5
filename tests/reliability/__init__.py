"""Kills, power cuts and broken disks against the real program, and the table of promises that comes of them.

    line        a live line: four calls at once, in real time, with what was said in them
    subject     the program under test, in a process of its own that may be killed at any moment
    judge       a store after a fault, compared with what was said
    kills       kill -9 at random moments; and again while the start repairs
    power       the file system is cut off under the program
    campaigns   these, spread over several processes, as rows of the table
    mutants     each sync and each order of steps, taken away from the code: tests must notice
    trial       runs tests in the copies, quickly
    promises    the table, and how a test anywhere in the suite adds a row to it
    run         `make reliability`: every test that is marked as a promise, and the table

A campaign is a function of a seed and a number of cycles; each column of the plan (quick, nightly, release) calls it
with other numbers. What fails keeps its folder, and says where it is; of a power cut, the image as the cut left it
(`.as-it-was`) lies beside the one that was repaired. A loss counts from the first packet that is missing to the fault,
but not from before the recorder was ready, and time in which it had no processor is told and let pass.
"""
