"""The instructor's tool: `python -m helpers.grading SUBMISSIONS.zip --worksheet worksheet.csv --out report/`.

What students sent is opened as data, within limits; none of it is executed or unpacked to disk.
"""
