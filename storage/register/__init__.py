"""The register (通話記録管理簿): what was done with recordings, by whom, when and why. Entries are only ever added.

    entry       one entry as a line of JSON, linked to the one before
    segments    the files that the lines lie in, and where they end
    book        append and read, for several processes at once

The register knows neither the catalogue nor what its entries mean: kinds are open. No number and no name of a caller
stands in it (docs/storage.md).
"""

from storage.register.book import Fault, Register
from storage.register.entry import Draft, Entry
from storage.register.segments import Place, RegisterDamaged

__all__ = ["Draft", "Entry", "Fault", "Place", "Register", "RegisterDamaged"]
