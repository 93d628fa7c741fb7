# The first process ends (the guest's /init sees the file and exits with status 3).
# kinds: panic-init-killed
# ends: yes
touch /tmp/init-exits
