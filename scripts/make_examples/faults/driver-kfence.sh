# A driver reads an object that it has freed; KFENCE samples every 50 ms.
# kinds: kfence
# lab: yes
# append: kfence.sample_interval=50
echo kfence >/proc/faultlab
