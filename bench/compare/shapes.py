"""What is measured, of which servers, and the bars it is held against (docs/performance/README.md)."""

import dataclasses
import json
import subprocess
import sys

NAMES = {"go": "Go server", "ours": "this server", "floor": "TLS floor", "poco": "Poco HTTPServer"}


@dataclasses.dataclass(frozen=True)
class Bar:
    """`value` of our server, or how often it goes into another one's, against a limit."""
    shape: str
    what: str
    wanted: float
    value: str = "server_cpu_us"
    other: str = ""        # the server to compare with: its value / ours, or ours / its where `most`
    most: bool = False     # the measured must be at most, not at least, what is wanted

    def measured(self, best) -> float | None:
        """Nothing where a server has no sample."""
        ours = best(self.shape, "ours", self.value)
        if not self.other or ours is None:
            return ours
        theirs = best(self.shape, self.other, self.value)
        if theirs is None:
            return None
        return ours / theirs if self.most else theirs / ours

    def met(self, measured) -> bool:
        if measured is None:
            return False
        return measured <= self.wanted if self.most else measured >= self.wanted


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    servers: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    tool: str = "load"     # or "gosdk"
    rounds: bool = True    # in every round, or once at the end


def load(protocol, connections, streams=1, *more):
    return ("--protocol", protocol, "--connections", str(connections), "--streams", str(streams), *more)


SHAPES = (
    Shape("h2 4 x 16", ("go", "ours"), load("h2", 4, 16)),
    Shape("h2 4 x 64", ("go", "ours"), load("h2", 4, 64)),
    Shape("h2 64 x 1", ("go", "ours"), load("h2", 64)),
    Shape("http/1.1 x 64", ("go", "ours", "floor", "poco"), load("http/1.1", 64)),
    Shape("Go SDK x 64", ("go", "ours"), ("--goroutines", "64"), tool="gosdk"),
    Shape("fresh full", ("go", "ours", "floor", "poco"), load("http/1.1", 16, 1, "--fresh", "full")),
    Shape("fresh resumed", ("go", "ours", "floor"), load("http/1.1", 16, 1, "--fresh", "resumed")),
    Shape("start", ("go", "ours"), tool="start"),
    Shape("idle", ("go", "ours"), ("--protocol", "h2", "--idle", "10000", "--seconds", "5"), rounds=False),
)

# The bars of the project, for the minima of all rounds.
BARS = (
    Bar("h2 4 x 16", "CPU per request, Go / ours", 14, other="go"),
    Bar("h2 4 x 64", "CPU per request, Go / ours", 20, other="go"),
    Bar("h2 64 x 1", "CPU per request, Go / ours", 5, other="go"),
    Bar("http/1.1 x 64", "CPU per request, Go / ours", 3, other="go"),
    Bar("http/1.1 x 64", "CPU per request, ours / TLS floor", 1.5, other="floor", most=True),
    Bar("Go SDK x 64", "CPU per request, Go / ours", 3, other="go"),
    Bar("fresh full", "CPU per handshake and request, Go / ours", 1.0, other="go"),
    Bar("fresh resumed", "CPU per handshake and request, Go / ours", 1.2, other="go"),
    Bar("idle", "KiB per idle h2 connection", 30, value="server_rss_per_connection_kib", most=True),
    Bar("idle", "threads with 10,000 connections", 40, value="server_threads", most=True),
    Bar("idle", "CPU with 10,000 idle connections, % of a core", 1, value="idle_cpu_percent", most=True),
    Bar("start", "memory at rest, MiB", 20, value="rss_mib", most=True),
    Bar("start", "exec to first answer, ms", 15, value="first_answer_ms", most=True),
)


def measure(shape: Shape, world, port: int, pid: int, seconds: float, core: int) -> dict | None:
    """One sample, or nothing when the load saw an error: then it says so on stderr."""
    key, certificate = world.client_pair
    common = ["--pid", str(pid), "--cert", certificate, "--key", key]
    if shape.tool == "gosdk":
        command = [world.programs["gosdk"], "--url", f"https://127.0.0.1:{port}", "--seconds", str(seconds)]
    elif "--seconds" in shape.arguments:
        command = [world.programs["load"], "--json", "--port", str(port)]
    else:
        command = [world.programs["load"], "--json", "--port", str(port), "--seconds", str(seconds)]
    result = subprocess.run(["taskset", "-c", str(core), *command, *common, *shape.arguments],
                            capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        print(f"{shape.name} failed: {result.stdout}{result.stderr}", file=sys.stderr)
        return None
    return json.loads(result.stdout)
