"""Policy and store brought together: what is to be kept, held, moved and erased.

    adoption    which policy a store follows
    judging     a verdict for every call of a store
    sweep       does what the verdicts say
    clock       whether the machine's clock may be believed
    holding     holds as operators ask for them
"""
