"""Cases (案件): what somebody asked for, what was answered, which copies were made of it, and how each ended.

Every step is an entry of the register (`entries`); what a case is follows from its entries alone (`history`). Names,
numbers and everything else by which a person could be found stand in a paper beside it (`papers`), whose digest the
entry has. So the register shows that a paper is what it was, and tells nobody what it says.
"""
