# A service divides by zero.
# kinds: user-trap
ln -sf /usr/bin/misbehave /tmp/pricing
/tmp/pricing divide
