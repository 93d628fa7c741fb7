"""A stand-in for a kernel tree: Make files of a few lines that answer the targets `vm build` asks for.

Compiling a kernel takes minutes; what build.py does around that is tested on this, in a second. The real
thing is built by the tests marked vm_slow. An option of it is kept where its Kconfig file defines it, as
Kconfig itself does, and NEEDS_MORE never holds.
"""

from pathlib import Path

_MAKEFILE = """\
# SPDX-License-Identifier: GPL-2.0
VERSION = 6
PATCHLEVEL = 99
SUBLEVEL = 3
EXTRAVERSION =
NAME = Not A Kernel

O ?= .
RELEASE = 6.99.3$(shell sed -n 's/^CONFIG_LOCALVERSION="\\(.*\\)"/\\1/p' $(O)/.config)

all: vmlinux bzImage
	@mkdir -p $(O)/include/config && echo $(RELEASE) > $(O)/include/config/kernel.release

allnoconfig:
	@grep -E '^CONFIG_(64BIT|SMP|MODULES|LOCALVERSION|DEBUG_INFO|FAKE_ONE|FAKE_LIST)=' $(KCONFIG_ALLCONFIG) > $(O)/.config

vmlinux: $(O)/core.o
	@cp $(O)/core.o $(O)/vmlinux
	@for n in $$(seq 10000 10400); do echo "ffffffff810$$n T function_$$n"; done > $(O)/System.map

$(O)/core.o: core.c
	@echo "  CC      core.o"
	@gcc -c -o $@ $(CURDIR)/core.c
	@echo compiled >> $(O)/compilations

bzImage: vmlinux
	@mkdir -p $(O)/arch/x86/boot && sed "s/@RELEASE@/$(RELEASE)/" header.bin > $(O)/arch/x86/boot/bzImage

modules_install: all
	@mkdir -p $(INSTALL_MOD_PATH)/lib/modules/$(RELEASE)
	@echo kernel/fs/ext4/ext4.ko > $(INSTALL_MOD_PATH)/lib/modules/$(RELEASE)/modules.builtin
	@touch $(INSTALL_MOD_PATH)/lib/modules/$(RELEASE)/modules.order
	@ln -sfn $(O) $(INSTALL_MOD_PATH)/lib/modules/$(RELEASE)/build
"""

_KCONFIG = """\
config FAKE_ONE
	bool "One"

config FAKE_LIST
	string "A list"

config NEEDS_MORE
	bool "More"
	depends on THIS || THAT
	depends on !FAKE_ONE
	help
	  depends on the weather
"""


def make(folder: Path, core: str = "int one;\n") -> Path:
    """A tree that builds in a fraction of a second; `core` is its only source file."""
    folder.mkdir()
    (folder / "Makefile").write_text(_MAKEFILE)
    (folder / "Kconfig").write_text(_KCONFIG)
    (folder / "Kbuild").write_text("")
    (folder / "core.c").write_text(core)
    # What kernels.image reads: HdrS, the pointer to the version text, one sector of setup.
    header = bytearray(b" " * 0x300)
    header[0x1F1] = 2
    header[0x202:0x206] = b"HdrS"
    header[0x20E:0x210] = (0x100).to_bytes(2, "little")
    (folder / "header.bin").write_bytes(bytes(header) + b"@RELEASE@ (kernward@kernward) #7 SMP\0")
    return folder
