"""The announcement unit (音声案内ユニット): a telephone that tells callers that their call is recorded.

An exchange calls it before it rings the section. It answers, plays the office's prompt, and hangs up.

    run            puts everything together
    unit           the loop: telephones, timers, audio
    telephone      one account at one exchange: its socket, and what comes in
    call           one announcement, from INVITE to the end
    registration   one account's registration
    received       a SIP message as pyVoIP reads it; quirks: what is changed in pyVoIP itself
    dialog         the texts that are sent
    pacer, ports   audio, each packet at its time
    prompts        the office's files as G.711; choice, timetable: which one, when; line: on which number
    writer         what became of it goes into the store
    told           was the caller told: joined with the recorder's calls
    secret         passwords

Nothing outside `run`, `unit` and `writer` reads a clock. See docs/announcement.md.
"""
