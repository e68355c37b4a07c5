"""verify.html: its parts, and what puts them together. proofs.js and checks.js are ours; noble-ed25519.js is Paul
Miller's library for Ed25519 signatures, unaltered (version 3.2.0, MIT licence beside it)."""
