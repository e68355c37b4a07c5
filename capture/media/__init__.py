"""From negotiated addresses to audio: which packets belong to which call, and where their samples lie.

`negotiation` says who listens where, `flows` and `router` find for each packet the stream that it belongs to,
`placing` and `careful` put its payload where its timestamp says, `buffers` gathers that into blocks of audio.
"""
