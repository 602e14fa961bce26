"""The acceptance report: what was set up, what was tested, for whoever takes the unit over.

document     all that a report says, frozen, as data
gathering    a document from the record, the settings and the rows of a unit
photographs  pictures of cameras, made small
contents     a document in one language, as headings, tables and pictures
html         that as one page without a script
pdf          that as pages with a text layer
signing      the list of files with their hashes, and its signature
writing      a directory with all of it, whole or not at all
telling      where the newest is, on the command line
verifying    is a report as it was signed, and by whom?

Reads: what `gathering` reads. Writes: directories of reports, below the commissioning's own.
Never: changes a report that was written.
"""
