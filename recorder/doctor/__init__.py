"""What the mirror shows and what it lacks: `recorder doctor`.

    watching      packets in, `Seen` out, by way of the decoder and the listener that record calls
    streams       RTP streams: how much of each came
    loss_reports  what receivers said by RTCP that they lacked
    signalling    who speaks SIP with whom
    frames        tags, sizes and second copies of frames
    seen          all that was seen, as data
    judge         what was seen to findings: pure
    lines         who is the exchange, a trunk, a telephone: pure
    findings      the code book: what each finding means, and what to do
    examine       capture files and interfaces
    page, as_json findings for people and for programs
"""
