"""The office's regulation as the machine understands it.

    value        a policy: rules, and for whom each is
    assignment   which rule is whose, through all policies that a store has had
    profile      what a profile (config/offices/NAME.toml) may say
    offices      the profiles there are, and where they lie
    choosing     the policy that settings choose, out of a profile and rules of their own
    explain      a profile in words, each line with its article
    simulate     what a change of policy would do to a store
"""
