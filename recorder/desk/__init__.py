"""The desk (操作卓): the pages that the section in charge works with. See docs/desk.md.

    routes      every page: its path, the right it needs, and who answers
    pages       who answers: one module a subject
    asking      asks the door, for the session of a browser
    app         the web application: headers, cookies, forms that were really ours
    reading     dates, times and lengths as people write them
    showing     the same as pages show them
    words       every sentence of the pages, Japanese and English

The desk opens no file of the store. Whatever it shows, the door gave it for the person who is logged in.
"""
