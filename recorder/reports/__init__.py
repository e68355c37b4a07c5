"""Papers that tell of the recorder's work, from values alone: nothing here reads a store or a clock.

    complaint     苦情報告書, for the mayor
    publication   公表文: that calls are recorded, drafted from settings and profile
"""
