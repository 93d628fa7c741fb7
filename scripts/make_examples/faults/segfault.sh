# A service writes through a null pointer, three times over.
# kinds: segfault
for attempt in 1 2 3; do
    ln -sf /usr/bin/misbehave /tmp/checkout-api
    /tmp/checkout-api null
    sleep 1
done
