"""A check as one HTML file that can be mailed, archived and opened anywhere: no network, no script, no server.

page puts it together from the templates; plots lays out the course of the deciding signals.
"""

from kernward.cli.check_html.page import render

__all__ = ["render"]
