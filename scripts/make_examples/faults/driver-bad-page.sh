# A driver frees a page that it left marked as mapped.
# kinds: bad-page-state
# lab: yes
echo bad-page >/proc/faultlab
