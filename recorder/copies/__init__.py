"""A copy (複製物): what lies on the medium that somebody is given, and how it is packed for it.

    content     one file of it: name, size, bytes
    sheet       what the recipient reads: the calls' facts, and what he has to observe
    verifier    a page that checks offline whether recordings are as they were copied
    bundle      all files of a copy together, with their hashes
    zipping     as a ZIP file, encrypted or not
    imaging     as an ISO image for a DVD-R
    label       for the medium

Recordings go onto it as they are kept, and are never made anew. Nothing here touches a disk, or reads a clock.
"""
