"""The files of a package (docs/evidence.md)."""

FORMAT = "recorder-evidence/1"

# What the manifest lists, with the recording under its own name:
FACTS = "facts.json"  # the call, in the canonical JSON that the register's entry has the hash of
SECONDS = "seconds.txt"  # hashes of the recording's beginnings (storage.marks), a line each
REGISTER = "register.json"  # the register's entry of the call, and its proof
CHECKPOINT = "checkpoint.txt"  # the signed note that the proof leads to
CHECKPOINT_TEXT = "checkpoint-text.txt"  # what of it is time-stamped: all but the signatures
KEYS = "keys.json"  # whose signatures these are
STAMP = "timestamp.tsr"  # RFC 3161
AROUND = "around.json"  # what the register says of the machine around the call
PAGE = "verify.html"


def key(segment: int) -> str:
    """The wrapped key of a segment of a sealed recording, an age file."""
    return f"key-{segment}.age"


def copy(recording: str) -> str:
    """The copy for listening, in the clear, of a sealed recording of that name."""
    return f"{recording.rpartition('.')[0]}-listening-copy.wav"


MANIFEST = "manifest.json"

# What differs with each copy, or shows the manifest's hash and so can't stand in it:
CUSTODY, CUSTODY_PDF, CUSTODY_HTML = "custody.json", "custody.pdf", "custody.html"
COVER_PDF, COVER_HTML = "cover.pdf", "cover.html"
SUMS = "custody.sha256"  # of these and of the manifest, as sha256sum(1) checks them
PAPERS = (COVER_HTML, COVER_PDF, CUSTODY_HTML, CUSTODY_PDF)
OF_CUSTODY = (*PAPERS, CUSTODY, SUMS)
