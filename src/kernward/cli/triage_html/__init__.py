"""A triage as one HTML file that can be mailed, archived and opened anywhere: no network, no server.

page puts it together from the templates; report marks the deciding lines, fields and timeline say what
was read and when, words puts numbers and times into words.
"""

from kernward.cli.triage_html.page import render

__all__ = ["render"]
