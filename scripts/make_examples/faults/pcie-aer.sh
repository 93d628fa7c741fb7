# QEMU's monitor has the network card report a corrected PCIe error, then an uncorrected one.
# kinds: pcie-aer-corrected pcie-aer-uncorrected
# machine: hardware
# monitor: pcie_aer_inject_error -c nic0 BAD_TLP
# monitor: pcie_aer_inject_error nic0 COMP_TIME
echo now >/dev/ttyS1
sleep 2
echo now >/dev/ttyS1
sleep 3
