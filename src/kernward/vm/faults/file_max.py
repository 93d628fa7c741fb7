"""The host has as many open files as it may."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="file-max",
    title="the host has no open file left",
    doc=(
        "fs.file-max is a little above what is open, and a service without privileges opens files until the "
        "host's limit is reached. From then on nobody but root can open a file (ENFILE)."
    ),
    group="limits",
    parameters=(
        Parameter("room", 200, "", "how many more files fs.file-max allows", least=20, most=20000),
        service_name("indexer"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        cat /proc/sys/fs/file-max >/run/file-max.before
        echo $(($(awk '{ print $1 }' /proc/sys/fs/file-nr) + room)) >/proc/sys/fs/file-max
        serve $service "" files $((room + 400))
    """,
    undo=STOP + "cat /run/file-max.before >/proc/sys/fs/file-max; stop $service",
    symptom=Symptom(
        doc="The kernel prints that the limit is reached, and file-nr counts nearly as many files as may be open.",
        console=r"VFS: file-max limit \d+ reached",
        command="""
        set -- $(cat /proc/sys/fs/file-nr)
        open=$1 most=$3
        echo "$open files are open on this host, $most may be"
        [ $((open + 128)) -ge $most ]
        """,
        within_s=40,
    ),
    truth=Truth(
        kinds=("file-max-reached",),
        cause="file-max",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "alloc_empty_file() in fs/file_table.c finds as many files as fs.file-max, prints it, and gives "
            "ENFILE."
        ),
    ),
)
