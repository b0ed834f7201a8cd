#!/usr/bin/env python3
"""Writes the seeds that tests/fuzz/corpus starts from: inputs of every kind a target knows, mostly from tests/vectors.

What fuzzing has found since lies beside them under names that are hashes (README.md says how it gets there).
"""

import base64
import json
import pathlib
import re
import struct
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"

# The last byte of an input for a session says how it is fed (Feeding in session_driver.h): in one turn, with things
# happening in between, under small limits, or both.
WAYS = {"turn": b"@", "lively": b"A", "tight": b"B", "lively-tight": b"C", "lively-2": b"q", "lively-3": b"Y"}


def write(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def numbered(target, name, contents):
    for number, content in enumerate(contents, 1):
        write(target, f"{name}-{number:02}", content)


def vectors(name):
    return json.loads((VECTORS / name).read_text())


# --- codecs -----------------------------------------------------------------------------------------------------

def api_keys():
    keys = vectors("api-key.json")
    numbered("api_key", "valid", [entry["api_key"] for entry in keys["valid"]])
    numbered("api_key", "invalid", [entry["api_key"] for entry in keys["invalid"]])


def base64_texts():
    numbered("base64", "text", ["", "Zg==", "Zm8=", "Zm9v", "Zm9v\r\nYmFy\n", "Z", "Zg=", "Zg==Zg==", "Zh==", "Z\n=\n=",
                                "=", "Zm9v!", "Zg\0=", "-_-_", "0123456789abcdef", "0aF", "Zm9vYmFyZm9vYmFyZm8="])


def stored_keys():
    keys = vectors("stored-key.json")
    for kind in ("valid", "invalid"):
        blobs = [entry["blob"].encode() for entry in keys[kind]]
        numbered("stored_key", kind, blobs)
    current = [entry["blob"] for entry in keys["valid"] if entry["current"]]
    numbered("stored_key", "message", [base64.b64decode(blob) for blob in current])


def ciphertexts():
    texts = vectors("ciphertext.json")
    for kind in ("valid", "invalid"):
        numbered("ciphertext", kind, [base64.b64decode(entry["ciphertext"]) for entry in texts[kind]])
    numbered("ciphertext", "raw", [b"", b"{" + bytes(43), b"\x95" + bytes(80), bytes(range(64))])


def certificates():
    for file in sorted((VECTORS / "pem").glob("*.pem")):
        block = re.search(r"-BEGIN CERTIFICATE-+\n(.*?)-+END", file.read_text(), re.S)
        if block:
            write("certificate", file.stem, base64.b64decode(block[1]))


def forwarded():
    pem = (VECTORS / "pem/p256-leaf.pem").read_text()
    block = re.search(r"-----BEGIN CERTIFICATE-+\n(.*?)-----END CERTIFICATE-----\n", pem, re.S)
    text = "".join(block[1].split())
    escaped = urllib.parse.quote(block[0], safe="")
    numbered("forwarded", "certificate", [
        escaped, urllib.parse.quote_plus(block[0]), text, f":{text}:", f"{text},{text}", escaped * 2, f" {text}\t", f":{text}",
        "-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----", "%", "%2", "++++", ":", "::", text[:100]])
    numbered("forwarded", "address", ["192.0.2.1", "192.0.2.1:80, 198.51.100.7", "[2001:DB8::1]:8080", "2001:db8::1", "::ffff:1.2.3.4",
                                      "unknown", "[", "[]:1", ",", "1.2.3.4.5"])


# --- texts --------------------------------------------------------------------------------------------------------

def json_bodies():
    numbered("json_body", "body", [
        '{}', 'null', '[]', '{"context":"YQ=="}', '{"plaintext":"YWJj","context":"ZA=="}',
        '{"CIPHERTEXT":"YWJj", "ContexT" : [1, 2, 255]}', '{"ciphertext":[0,97,98],"context":null,"x":{"y":[1.5e-3,true]}}',
        '{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","cipher":"AES256"}',
        '{"bytes":"YQ==","algorithm":"ChaCha20","algorithm":"\\u00e9\\ud83d\\ude00\\ud800\\n\\\\"}',
        '[{"ciphertext":"YQ==","context":"Yg=="},{},null,{"ciphertext":"\\u0059Q=="}]', '{"message":"YQ\\n=="}',
        '[' * 70 + ']' * 70, '{"a":' * 63 + '1' + '}' * 63, '-12', '9223372036854775807', '{"\\u212aey":"YQ=="} rest',
        '{"context":"YQ==",}', '{"context":"Y"}', '{"context":[256]}', '{"context":tru}', '"\\x"', '{"a":"\x01"}',
        b'"\xff\xc3\xa9\xe2\x82"', '<a href="x">\'&'])


def routes():
    names = ["generate", "decrypt", "encrypt", "hmac", "describe", "create", "import", "delete", "list", "bulk/decrypt"]
    numbered("route", "key", [f"/v1/key/{name}/my-key" for name in names])
    numbered("route", "path", [
        "/version", "/v1/ready?x=1", "/v1/status", "/v1/api", "/v1/key/list/*", "/v1/key/list/%2A?a", "/v1/key/create",
        "/v1/key/create/a%2Fb", "/%76ersion", "//version", "/v1/./status", "/v1/x/../status?q", "/../../version", "/",
        "", "*", "/v1%2Fstatus", "/v1/key/create/%", "/v1/key/create/a%00b", b"/v1/\0", "/v1/key/create/%2e%2e/",
        "my-key", "_", "-a", "a-", "/v1/key//list", "https://host/version", "/v1/key/create/x//..?/../"])


def patterns():
    lines = [line for line in (VECTORS / "policy-patterns.txt").read_text().splitlines() if line and line[0] != "#"]
    rules = [[cell.strip() for cell in line.split("|")] for line in lines]
    globs = [line.split("\t") for line in (VECTORS / "path-match.txt").read_text().splitlines()]
    # One of each pattern, else there would be hundreds.
    chosen = {pattern: path for pattern, path, *_ in rules + globs[::7]}
    numbered("pattern", "rule", [f"{pattern}\n{path}" for pattern, path in chosen.items()])


CONFIG = """version: v1
address: "[::1]:7373"
admin: {identity: "${A}"}
tls:
  key: k
  cert: c
  auth: on
  proxy: {identities: [p, "${B}"], header: {cert: X}}
api: {/v1/ready: {skip_auth: true, timeout: 15s}}
policy:
  storage: &s
    allow: [/v1/key/create/*, /v1/status]
    deny: &d
    - /v1/key/*/x
    identities: [a, b]
  other: {<<: *s, deny: *d, identities: []}
cache: {expiry: {any: 5m0s, unused: 30s, offline: 0}}
keys: [{name: one}, {name: two}]
log: {error: INFO+1, audit: off, format: json}
limits: {streams: 12, body_total: 1GB}
plugin: {dir: d}
keystore:
  vault:
    text: |
      several
      lines
    list: [1, ~, {k: "v\\n"}]
"""


def configs():
    least = "{admin: {identity: root}, tls: {key: k, cert: c}, keystore: {fs: {path: keys}}}"
    write("config", "all", CONFIG)
    numbered("config", "text", [
        least, "", "a: [", "a: *b", "a: &a [*a]", "? [k]\n: v", "--- |\n x\n...\n", "a: 1\na: 2", "\ufeff" + least,
        "!!str a: !!int 1", "{a: 'it''s', b: \"\\u00e9\\x41\"}", "a: >-\n  x\n\n  y\n", "%YAML 1.2\n---\na: b",
        "<<: [{a: 1}, {b: 2}]", "- - - a\n    - b", "[" * 70, "a: ${A}", "a: ${", "\x01",
        least.replace("fs: {path: keys}", "aws: {secretsmanager: {endpoint: e, region: r, credentials: {accesskey: a}}}"),
        least.replace("keys}}}", "keys}}, policy: {p: {allow: ['/v1/*'], deny: ['[a'], identities: [x]}}}"),
        least.replace("{admin", "{root: r, cache: {expiry: {any: 1h, unused: -1s}}, log: {error: WARN, audit: 9}, admin")])


# --- HTTP/1.1 -----------------------------------------------------------------------------------------------------

def h1_request(line, *fields, body=b""):
    text = line + " HTTP/1.1\r\n" + "".join(field + "\r\n" for field in ("Host: h", *fields)) + "\r\n"
    return text.encode() + body


def chunked(*pieces, trailer=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces,)) + b"0\r\n" + trailer + b"\r\n"


def h1_streams():
    post = h1_request("PUT /body", "Content-Length: 5", "x: y", body=b"hello")
    later = h1_request("POST /body/later", "Transfer-Encoding: chunked", body=chunked(b"abc", b"d" * 20, trailer=b"T: v\r\n"))
    return {
        "get": h1_request("GET /version"),
        "body": post,
        "chunked": later,
        "pipeline": h1_request("GET /later") + post + h1_request("HEAD /x") + h1_request("DELETE /empty") + later,
        "continue": h1_request("PUT /body", "Expect: 100-continue", "Content-Length: 2", body=b"hi"),
        "unwanted-body": h1_request("PUT /missing", "Content-Length: 40", body=b"x" * 40) + h1_request("GET /large"),
        "cut-body": h1_request("PUT /body/big", "Content-Length: 4000", body=b"x" * 1500),
        "too-much": h1_request("PUT /body", "Content-Length: 700", body=b"y" * 700),
        "smuggled": h1_request("POST /body", "Content-Length: 3", "Transfer-Encoding: chunked", body=chunked(b"GET / HTTP/1.1")),
        "two-lengths": h1_request("POST /body", "Content-Length: 3", "Content-Length: 4", body=b"abcd"),
        "coding": h1_request("POST /body", "Transfer-Encoding: gzip, chunked", body=chunked(b"x")),
        "bugs": h1_request("GET /throw") + h1_request("GET /nothing") + h1_request("GET /x", "Connection: close"),
        "no-host": b"GET / HTTP/1.1\r\n\r\n",
        "old": b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + h1_request("GET /"),
        "forms": h1_request("OPTIONS *") + h1_request("GET https://host/x?y") + h1_request("CONNECT h:1"),
        "fields": h1_request("GET /x", "x:  spaced \t", "X: again", "content-type: a;b=\"c\"", "Cookie: " + "z" * 300),
        "folded": h1_request("GET /x", "x: a\r\n b"),
        "breaks": b"\r\n\n" + h1_request("GET /x") + b"\r\nGARBAGE\r\n\r\n",
        "bare": b"GET /x HTTP/1.1\nHost: h\n\n",
        "extension": h1_request("POST /body", "Transfer-Encoding: chunked", body=b"3;a=\"b\"\r\nabc\r\n0\r\n\r\n"),
        "bad-chunk": h1_request("POST /body", "Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\nabc"),
    }


# --- HTTP/2 -------------------------------------------------------------------------------------------------------

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED = 1, 4, 8


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A field that is not indexed (RFC 7541 section 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def head(method, path, *fields):
    indexed = {"GET": b"\x82", "POST": b"\x83"}.get(method) or literal(":method", method)
    return indexed + b"\x87" + literal(":path", path) + b"\x41\x01h" + b"".join(literal(*field) for field in fields)


def h2_request(stream, method, path, *fields, body=None):
    block = head(method, path, *fields)
    if body is None:
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, block)
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, body)


def h2_streams():
    settings = frame(SETTINGS, 0, 0)
    ack = frame(SETTINGS, 1, 0)
    get = h2_request(1, "GET", "/version")
    body = h2_request(3, "POST", "/body", ("content-length", "5"), body=b"hello")
    split = head("GET", "/later", ("x", "y" * 50))
    window = struct.pack(">I", 1000)
    return {
        "get": settings + ack + get,
        "body": settings + body,
        "later": settings + h2_request(1, "GET", "/later") + h2_request(3, "PUT", "/body/later", body=b"abc") + get[:0],
        "many": settings + b"".join(h2_request(2 * i + 1, "GET", "/later") for i in range(6)),
        "large": settings + h2_request(1, "GET", "/large") + frame(WINDOW_UPDATE, 0, 0, window) + frame(WINDOW_UPDATE, 0, 1, window),
        "small-window": frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 10)) + h2_request(1, "GET", "/large")
                        + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 70_000)),
        "settings": frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", i, v) for i, v in ((1, 0), (2, 0), (3, 9), (5, 16384), (6, 99)))),
        "continuation": settings + frame(HEADERS, END_STREAM, 1, split[:9]) + frame(CONTINUATION, END_HEADERS, 1, split[9:]),
        "padded": settings + frame(HEADERS, END_HEADERS | PADDED, 1, b"\x03" + head("POST", "/body") + b"\0\0\0")
                  + frame(DATA, END_STREAM | PADDED, 1, b"\x02hi\0\0"),
        "reset": settings + h2_request(1, "GET", "/later") + frame(RST_STREAM, 0, 1, b"\0\0\0\x08")
                 + h2_request(3, "POST", "/body", body=b"x")[:40] + frame(RST_STREAM, 0, 3, b"\0\0\0\x08"),
        "ping": settings + frame(PING, 0, 0, b"12345678") + frame(PING, 1, 0, b"12345678"),
        "goaway": settings + get + frame(GOAWAY, 0, 0, bytes(8)),
        "priority": settings + frame(PRIORITY, 0, 5, b"\0\0\0\x01\x0f") + h2_request(5, "GET", "/x"),
        "trailer": settings + frame(HEADERS, END_HEADERS, 1, head("POST", "/body")) + frame(DATA, 0, 1, b"abc")
                   + frame(HEADERS, END_HEADERS | END_STREAM, 1, literal("t", "v")),
        "expect": settings + h2_request(1, "POST", "/body", ("expect", "100-continue"), body=b"x"),
        "big-body": settings + frame(HEADERS, END_HEADERS, 1, head("POST", "/body/big", ("content-length", "9000")))
                    + 3 * frame(DATA, 0, 1, b"z" * 900),
        "unwanted-body": settings + frame(HEADERS, END_HEADERS, 1, head("POST", "/missing")) + 2 * frame(DATA, 0, 1, b"z" * 500),
        "connect": settings + frame(HEADERS, END_HEADERS, 1, literal(":method", "CONNECT") + literal(":authority", "h:1")),
        "bugs": settings + h2_request(1, "GET", "/throw") + h2_request(3, "GET", "/nothing") + h2_request(5, "HEAD", "/large"),
        "bad-field": settings + h2_request(1, "GET", "/x", ("Upper", "v")) + h2_request(3, "GET", "/x", ("x", "a\r\nb")),
        "indexed": settings + frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x82\x87\x84\x41\x01h\x40\x01x\x01y")
                   + frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\x82\x87\x84\xbf\xbe") + frame(HEADERS, 5, 5, b"\x3f\xe1\x1f\x82\x87\x84"),
        "long-head": settings + h2_request(1, "GET", "/x", *[("f", "v" * 100)] * 5),
        "push": settings + frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02" + head("GET", "/")),
        "unknown": settings + frame(0x20, 0xff, 0, b"anything") + get,
    }


def sessions():
    for target, streams in (("h1", h1_streams()), ("h2", h2_streams())):
        for number, (name, stream) in enumerate(streams.items()):
            for way in ("turn", list(WAYS)[1 + number % (len(WAYS) - 1)]):
                write(target, f"{name}-{way}", stream + WAYS[way])


# --- metrics of a server ------------------------------------------------------------------------------------------

def metric_texts():
    numbered("metrics", "text", [
        "# HELP kes_http_request_success Number\n# TYPE kes_http_request_success counter\n"
        'kes_http_request_success{code="200"} 40\nkes_http_request_success{code="204"} 2 1395066363000\n',
        'kes_http_response_time_bucket{le="0.01"} 5\nkes_http_response_time_bucket{le="+Inf"} 10\n'
        "kes_http_response_time_sum 12.5\n",
        "kes_system_up_time 93784.56\r\nkes_system_mem_heap_used 1.5e+06", 'a{b="\\"}"} NaN\n', "garbage", "a{", "", "\n\n",
        "kes_system_num_cpu +Inf\nkes_system_num_cpu -Inf\nkes_system_num_cpu 1e300\n"])


# --- the plugin's description (describe() in plugin.cpp) ------------------------------------------------------------

def plugins():
    magic = 0x4b4553504c554700

    def description(size=112, magic=magic, minor=0, store=72, functions=0x7f, texts=(b"id", *[b"t"] * 7), has_store=1):
        return struct.pack("<IIQIIBB", size, 0, magic, minor, store, has_store, functions) + b"\0".join(texts) + b"\0"

    for name, content in {
        "good": description(), "oldest": description(size=104, store=64), "short": description(size=40),
        "wrong-magic": description(magic=7), "other-major": description(magic=magic + 3),
        "newer-host": description(minor=9), "short-store": description(store=16), "no-store": description(has_store=0),
        "functions": description(functions=0x5b), "other-id": description(texts=(b"i\n\xff", *[b"t"] * 7)),
        "no-texts": description(texts=(b"id", b"\1", b"", b"\1")), "head": description(size=8, magic=0)}.items():
        write("plugin", name, content)


for make in (api_keys, base64_texts, stored_keys, ciphertexts, certificates, forwarded, json_bodies, routes, patterns,
             configs, sessions, metric_texts, plugins):
    make()
