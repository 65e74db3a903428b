"""Plans: what one iteration of a training loop does to arrays, recorded and run again without tensors or a graph.

    door.py      whether a loop is worth a plan
    loops.py     the loop that is watched: which iterations are real, and when its plan is made, tried and left
    kept.py      what is known of a loop when it runs again
    body.py      its body run once on a shadow; trial.py, the plan of that, and what it gives the program
    shadow.py    a copy of all that the body reaches, on which it runs once more: nothing of it is seen by the program
    known.py     what of gradsh a body may reach
    classes.py   classes of Python programs, and their instances, in that copy
    codes.py     what the code of its functions says of them; places.py, where what is refused stands in the text
    outside.py   modules of Python's that it has imported
    periods.py   of how many iterations a turn of the plan is
    turns.py     a stretch of iterations by the plan, and what is done where one does not fit
    watched.py   what becomes of the line that a training loop has on a terminal
    entry.py     which object of the program is in which place of the shadow
    route.py     the same, where all is as it was at an entry before
    ahead.py     what a loop goes over, where one may look ahead; items.py, its items in that copy;
                 datasets.py, of what batches are made
    outs.py      what iterations give to lists; lists.py, of which some are read
    numbers.py   what stands for Python's numbers in that copy, where they change
    kinds.py     models, optimisers and their kin, where there are any
    values.py    what stands for the arrays in that copy, and writes down what becomes of them
    recording.py what makes the engine's arrays such, as long as a body is recorded
    draws.py     what stands for the generators of random numbers
    builder.py   what of that is needed, and what is not the same in each iteration
    machine.py   the rest as a program of a machine in C, trust.py where that is there and right
    runner.py    the rest as a Python function that calls NumPy on arrays that are there
    refusal.py   why there is no plan
    noted.py     what the program says of a recording's steps, where somebody wants to read the plan; described.py, that

and of calls:

    calls.py     functions and transforms that are called often: which are watched, have a plan, or are given up
    given.py     a call as it is written, and whether it wrote to anything
    functions.py the plan of a call; reach.py what it reaches, and its guards; pure.py what of it has to run

A program prints what it prints with `--no-plans`.
"""
