"""Tells what a comparison found: Markdown tables, a plot, and the machine it was found on."""

import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess

from shapes import NAMES

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ("libssl3", "libnghttp2-14", "libpoconet80", "libboost-dev", "libc6", "g++")
COLORS = {"go": "#00838f", "ours": "#c62828", "floor": "#9e9e9e", "poco": "#ef9a2a"}


def number(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def tables(shapes, samples, bars) -> str:
    lines = ["## Bars", "", "| Shape | What | Wanted | Measured | |", "|---|---|---|---|---|"]
    for bar, measured in bars:
        lines.append(f"| {bar.shape} | {bar.what} | {'≤' if bar.most else '≥'} {bar.wanted:g} | {number(measured)} | "
                     f"{'met' if bar.met(measured) else '**missed**'} |")
    lines += ["", "## Cost of a request", "",
              "Server CPU in µs, rate and latencies; minima over the rounds (the rate: maximum), and the median of CPU.",
              "", "| Shape | Server | CPU | median | requests/s | p50 µs | p99 µs | p99.9 µs |",
              "|---|---|---|---|---|---|---|---|"]
    for shape, who in rows(shapes, samples, "server_cpu_us"):
        cpu = samples.of(shape.name, who, "server_cpu_us")
        latencies = [min(samples.of(shape.name, who, p)) for p in ("p50_us", "p99_us", "p999_us")]
        cells = [min(cpu), statistics.median(cpu), max(samples.of(shape.name, who, "per_second")), *latencies]
        lines.append(f"| {shape.name} | {NAMES[who]} | " + " | ".join(map(number, cells)) + " |")
    for title, values in (
            ("10,000 idle h2 connections", {"KiB each": "server_rss_per_connection_kib", "threads": "server_threads",
                                            "CPU %": "idle_cpu_percent"}),
            ("At rest", {"exec to first answer, ms": "first_answer_ms", "resident MiB": "rss_mib",
                         "threads": "threads"})):
        found = list(rows(shapes, samples, next(iter(values.values()))))
        if not found:
            continue
        lines += ["", f"## {title}", "", "| Server | " + " | ".join(values) + " |", "|---" * (len(values) + 1) + "|"]
        for shape, who in found:
            lines.append(f"| {NAMES[who]} | " +
                         " | ".join(number(samples.best(shape.name, who, v)) for v in values.values()) + " |")
    return "\n".join(lines) + "\n"


def rows(shapes, samples, value):
    return ((shape, who) for shape in shapes for who in shape.servers if samples.of(shape.name, who, value))


def output_of(*command) -> str:
    """What a command prints; nothing where there is none of that name."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def machine(options, programs) -> str:
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    versions = output_of("dpkg-query", "-W", "-f", "${Package} ${Version}, ", *PACKAGES).strip(", ")
    release = pathlib.Path(f"{programs['go']}.version")
    go = [release.read_text().strip()] if release.exists() else []
    go += output_of(os.environ.get("KES_GO", "go"), "version", str(programs["go"])).split()[-1:]
    return "\n".join([
        f"- Date: {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
        f"- Commit: {output_of('git', 'describe', '--always', '--dirty')}",
        f"- CPU: {cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores; server and load on one each",
        f"- Load average of the last 15 minutes: {os.getloadavg()[2]:.1f}; quiet is 1 to 2, from the measuring alone",
        f"- Kernel: {platform.system()} {platform.release()}",
        f"- Packages: {versions}",
        f"- Go server: {', '.join(go) or 'unknown'}",
        f"- {options.rounds} rounds of {options.seconds:g} s for each shape and server",
    ]) + "\n"


def write(folder, text, shapes, samples, options, programs):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(
        "# Results\n\nWritten by `./dev bench`; [how to read it](README.md).\n\n![CPU per request](results.svg)\n\n" +
        text + "\n## Machine\n\n" + machine(options, programs))
    plot(folder / "results.svg", shapes, samples)


def plot(file, shapes, samples):
    """Bars of CPU per request, one group for each shape, on a logarithmic axis."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "kes", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    found = list(rows(shapes, samples, "server_cpu_us"))
    figure, axes = pyplot.subplots(figsize=(8, 0.28 * len(found) + 0.3 * len(shapes) + 1))
    position, labels, seen = 0.0, [], set()
    for shape in shapes:
        mine = [who for other, who in found if other is shape]
        for who in mine:
            cpu = samples.of(shape.name, who, "server_cpu_us")
            axes.barh(position, min(cpu), 0.9, color=COLORS[who], label=None if who in seen else NAMES[who])
            axes.plot([min(cpu), statistics.median(cpu)], [position] * 2, color="black", linewidth=0.8)
            axes.text(statistics.median(cpu) * 1.05, position, number(min(cpu)), va="center")
            seen.add(who)
            position += 1
        if mine:
            labels.append((position - (len(mine) + 1) / 2, shape.name))
            position += 0.7
    axes.set_xscale("log")
    axes.set_yticks([at for at, _ in labels], [label for _, label in labels])
    axes.invert_yaxis()
    axes.set_xlabel("server CPU per request, µs (bar: minimum, line: to the median)")
    axes.margins(x=0.12)
    axes.legend(loc="upper right", frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
