# A service follows a wild pointer to a non-canonical address.
# kinds: user-trap
ln -sf /usr/bin/misbehave /tmp/imgproxy
/tmp/imgproxy wild
