"""The characters that a terminal, or an eye, takes for something else than text."""

# C0 and C1 controls and DEL; what reorders, hides or breaks text (bidirectional marks, zero-width
# characters, line and paragraph separators, tags); surrogates, which are bytes that were no UTF-8.
UNSAFE = (
    "\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f"
)
