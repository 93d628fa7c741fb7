"""`kernward exporter`: this machine's signals for Prometheus."""

import click


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:9767",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where to listen; 0.0.0.0:9767 lets every machine read.",
)
@click.option(
    "--cgroups",
    type=click.IntRange(0, 5000),
    default=100,
    show_default=True,
    help="Of more cgroups the busiest so many.",
)
@click.option(
    "--processes",
    type=click.IntRange(0, 1000),
    default=0,
    show_default=True,
    help="So many of the busiest processes; each makes new series for each pid.",
)
@click.option("--once", is_flag=True, help="Print the metrics and end.")
def command(listen: str, cgroups: int, processes: int, once: bool) -> None:
    """Serve this machine's counters and gauges at /metrics, in OpenMetrics.

    Every signal that `kernward record` keeps: kernward_SOURCE_FIELD, with the cgroup, the device or the
    interface as a label. Only this machine can read them unless --listen says otherwise.
    """
    from kernward.operations.metrics import Exporter

    exporter = Exporter(most_cgroups=cgroups, most_processes=processes)
    if once:
        click.echo(exporter.text().decode(), nl=False)
        return
    import signal
    import threading

    from kernward.operations.exporting import Server, address, is_local

    host, port = address(listen)
    server = Server(host, port, exporter.text)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"kernward: metrics are at http://{shown}:{server.port}/metrics; Ctrl-C ends it", err=True)
    if not is_local(host):
        click.echo(
            "kernward: other machines can read them too, names of cgroups and devices among them", err=True
        )
    # The server runs beside; this thread waits for the signal that ends it.
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.sigwait(signals)
    server.shutdown()
    server.server_close()
