# A driver copies more to user space than its object holds.
# kinds: usercopy
# lab: yes
echo usercopy >/proc/faultlab
