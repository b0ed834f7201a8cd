#!/usr/bin/env python3
"""Checks what a compiler does not: format, which room includes which, likely mistakes. Called by ./dev lint.

usage: tools/lint.py [check...]     with no check named, all of them
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Which rooms of core/ each room may include besides itself; whatever those may include comes with them.
# ARCHITECTURE.md draws the same table.
ROOMS = {
    "base": [],
    "crypto": ["base"],
    "policy": ["base"],
    "config": ["base"],
    "http": ["base"],
    "observe": ["base"],
    "keystore": ["base", "crypto", "sdk"],
    "api": ["keystore", "http", "observe", "config", "policy", "crypto", "base"],
    "server": ["api"],
    "client": ["crypto", "base"],
    "cli": ["client", "server"],
}

# In which rooms a library may be included. Elsewhere the room's own types are to be used.
LIBRARIES = {
    r"openssl/": {"base", "crypto", "http", "client", "server"},
    r"nghttp2/": {"http"},
    r"boost/beast|boost/asio": {"http"},
    r"boost/dll": {"keystore"},
    r"valijson/": {"keystore"},
    r"yaml-cpp/": {"config"},
    r"CLI/": {"cli"},
    r"Poco/Net/": {"http", "client", "server"},
    r"Poco/Util/": {"server"},
    # POCO's form readers buffer without a limit (CVE-2025-6375).
    r"Poco/Net/(HTMLForm|MultipartReader)": set(),
}

# What a plugin, or the plugin SDK, must not need: the server's rooms come as quoted includes.
SDK_C_HEADERS = {"stddef.h", "stdint.h"}
NOT_FOR_SDK = re.compile(r"^(Poco|boost|openssl|nghttp2|yaml-cpp|CLI|fmt|valijson)/")

# Texts that tie the tree to one machine or one person's desk, or point at sources we must not copy from.
UNWANTED = [
    (re.compile(r"(?<![\w.*})>$-])/(home|root|work|workspace|Users)/\w"), "absolute path of one machine"),
    (re.compile(r"\b[Ss]pec(ification)?\b[^.\n]{0,24}§"), "cite docs/protocol/ or an RFC, not a spec outside the tree"),
    (re.compile(r"github\.com/minio/(kes|kms-go)/(blob|tree|raw|internal|kesconf|keserv)\b"), "AGPL source"),
    (re.compile(r"pkg/mod/github\.com/minio"), "AGPL source"),
]
# The AGPL modules are peers of tests and benchmarks, nothing else links with them.
AGPL_IMPORT = re.compile(r'^\s*(?:\w+\s+)?"(?:github\.com|aead\.dev)/(?:minio/|mem|minisign)')
MAY_IMPORT_AGPL = ("tests/compat/", "bench/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
MARKDOWN_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")


def tracked(*patterns):
    """Files of the tree, committed or about to be."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
                         cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in sorted(set(out.split("\n"))) if name and (ROOT / name).is_file()]


def sources():
    return tracked("*.c", "*.cpp", "*.h", "*.hpp")


def lines_of(name):
    try:
        text = (ROOT / name).read_text()
    except UnicodeDecodeError:  # a test vector
        return
    yield from enumerate(text.split("\n"), 1)


def in_parallel(commands, workers):
    """Runs the commands; yields what each printed when it failed."""
    def run(command):
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for result in pool.map(run, commands):
            if result.returncode != 0:
                yield result.stdout


# --- the checks: each yields its complaints ---------------------------------------------------------------------

def check_format():
    files = sources()
    chunks = [files[i:i + 20] for i in range(0, len(files), 20)]
    yield from in_parallel([["clang-format-19", "--dry-run", "-Werror", *chunk] for chunk in chunks], os.cpu_count())


def check_scripts():
    scripts = [name for name in tracked() if (ROOT / name).suffix == ".sh"
               or next(lines_of(name), (0, ""))[1].startswith(("#!/usr/bin/env bash", "#!/bin/sh", "#!/bin/bash"))]
    yield from in_parallel([["shellcheck", "-x", *scripts]], 1)


def below(room):
    """The rooms that `room` may include."""
    rooms = {room}
    for other in ROOMS.get(room, []):
        rooms |= below(other)
    return rooms


def check_includes():
    for name in sources():
        for number, line in lines_of(name):
            if match := INCLUDE.match(line):
                yield from (f"{name}:{number}: {text}" for text in include_complaints(name, *match.groups()))


def include_complaints(name, quote, target):
    parts = name.split("/")
    if parts[0] == "core":
        return room_complaints(parts[1], target)
    if name.startswith("sdk/include/"):
        return sdk_complaints(name, quote, target)
    if parts[0] == "plugins":
        return plugin_complaints(name, parts[1], quote, target)
    return []


def room_complaints(room, target):
    head = target.split("/")[0]
    if head == "kes" and "sdk" not in below(room):
        yield f"{room}/ may not include the plugin SDK"
    elif head in ROOMS and head not in below(room):
        allowed = ", ".join(sorted(below(room) - {room, "sdk"})) or "no other room"
        yield f'{room}/ includes "{target}", which is not below it (it may include {allowed})'
    elif "/" not in target and (ROOT / "core" / room / target).exists():
        yield f'write "{room}/{target}"'
    for library, rooms in LIBRARIES.items():
        if re.match(library, target) and room not in rooms:
            yield f"<{target}> belongs to {', '.join(sorted(rooms)) or 'no room'}, not to {room}/"


def sdk_complaints(name, quote, target):
    if target.startswith("kes/"):
        return
    if name.endswith(".h") and target not in SDK_C_HEADERS:
        yield f"the C part of the SDK includes nothing but {', '.join(sorted(SDK_C_HEADERS))}, not {target}"
    elif quote == '"' or "/" in target or target.endswith(".h") and target not in SDK_C_HEADERS:
        yield f"the C++ part of the SDK includes the standard library alone, not {target}"


def plugin_complaints(name, plugin, quote, target):
    if quote == "<":
        return
    own = (ROOT / "plugins" / plugin / target).exists() or (ROOT / name).with_name(target).exists()
    if not target.startswith("kes/") and not own and not (ROOT / "plugins" / target).exists():
        yield f'a plugin includes kes/, its own files and the system\'s, not "{target}"'
    elif target.startswith(".."):
        yield f'a plugin stays in its folder, "{target}" leaves it'


def check_texts():
    this = pathlib.Path(__file__).relative_to(ROOT).as_posix()
    for name in tracked():
        if name == this:
            continue
        for number, line in lines_of(name):
            for pattern, why in UNWANTED:
                if pattern.search(line):
                    yield f"{name}:{number}: {why}: {line.strip()[:100]}"
            if name.endswith(".go") and AGPL_IMPORT.match(line) and not name.startswith(MAY_IMPORT_AGPL):
                yield f"{name}:{number}: only {' and '.join(MAY_IMPORT_AGPL)} may import AGPL modules"


def check_links():
    for name in tracked("*.md"):
        for number, line in lines_of(name):
            for target in MARKDOWN_LINK.findall(line):
                path = (ROOT / name).parent / target
                if ROOT not in (path.resolve(), *path.resolve().parents) or not path.exists():
                    yield f"{name}:{number}: link leads nowhere: {target}"


# --- clang-tidy ---------------------------------------------------------------------------------------------------

# What GCC understands and clang does not.
GCC_ONLY = ("-fno-gnu-unique",)


def compile_commands():
    """How each .cpp of core/, sdk/ and plugins/ is compiled, in clang's words."""
    entries = []
    for entry in json.loads((ROOT / "build/dev/compile_commands.json").read_text()):
        name = os.path.relpath(entry["file"], ROOT)
        if not name.startswith(("core/", "sdk/", "plugins/")) or not os.path.exists(entry["file"]):
            continue
        words = [word for word in entry["command"].split(" ") if word not in GCC_ONLY and not word.endswith("/ccache")]
        entries.append({**entry, "command": " ".join(words)})
    return entries


def fingerprint(entry):
    """A hash of everything that decides what clang-tidy says: the file with its headers, flags, checks."""
    preprocess = re.sub(r" -o \S+", "", entry["command"]).replace(" -c ", " -E -C ")
    result = subprocess.run(preprocess, shell=True, cwd=entry["directory"], capture_output=True, check=False)
    rules = b"".join(path.read_bytes() for path in sorted(ROOT.glob("**/.clang-tidy")) if "build" not in path.parts)
    return hashlib.sha256(result.stdout + rules + entry["command"].encode()).hexdigest()


def tidy(entry):
    stamp = ROOT / "build/lint/clean" / fingerprint(entry)
    if stamp.exists():
        return ""
    result = subprocess.run(["clang-tidy-19", "--quiet", "-p", "build/lint", entry["file"]],
                            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if result.returncode == 0:
        stamp.touch()
        return ""
    return result.stdout or f"{entry['file']}: clang-tidy-19 failed"


def check_tidy():
    entries = compile_commands()
    (ROOT / "build/lint/clean").mkdir(parents=True, exist_ok=True)
    (ROOT / "build/lint/compile_commands.json").write_text(json.dumps(entries))
    # The largest first, so that no worker starts it last.
    entries.sort(key=lambda entry: -os.path.getsize(entry["file"]))
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from filter(None, pool.map(tidy, entries))


CHECKS = {
    "includes": check_includes,
    "texts": check_texts,
    "links": check_links,
    "scripts": check_scripts,
    "format": check_format,
    "tidy": check_tidy,
}


def main(names):
    if unknown := set(names) - set(CHECKS):
        sys.exit(f"lint: no check is named {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    failed = []
    for name in names or CHECKS:
        complaints = list(CHECKS[name]())
        for text in complaints:
            print(text.rstrip().replace(f"{ROOT}/", ""))
        if complaints:
            failed.append(name)
        print(f"lint: {name}: {'FAILED' if complaints else 'ok'}", flush=True)
    if failed:
        sys.exit(f"lint: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
