# QEMU's monitor has a PCIe port report an uncorrected, non-fatal error.
# kinds: pcie-aer-uncorrected
# machine: hardware
# monitor: pcie_aer_inject_error port0 COMP_TIME
echo now >/dev/ttyS1
sleep 4
