#!/usr/bin/env bash
# Serves the release build with the fs plugin, for trying things out: ./dev run [ADDRESS]
# Identity, certificate, keys and configuration live in .run/ and outlive the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly address=${1:-127.0.0.1:7373} run=.run kes=build/release/bin/kes
port=${address##*:} host=${address%:*}
host=${host#[} host=${host%]} host=${host:-127.0.0.1}

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

makeIdentity() {
  local text key id
  text=$($kes identity new --force --key $run/client.key --cert $run/client.crt)
  key=$(grep -oE 'kes:v1:[A-Za-z0-9+/]+=*' <<<"$text" | head -n 1) || die "'kes identity new' printed no API key"
  id=$(grep -oE '\b[0-9a-f]{64}\b' <<<"$text" | head -n 1) || die "'kes identity new' printed no identity"
  echo "$key" >$run/api-key
  echo "$id" >$run/admin
}

makeCertificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost \
    -addext 'basicConstraints=critical,CA:FALSE' -addext 'extendedKeyUsage=serverAuth' \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:$host" \
    -keyout $run/server.key -out $run/server.crt 2>$run/openssl.log || die "openssl failed, see $run/openssl.log"
}

writeConfig() {
  cat >$run/config.yml <<YAML
# Written by ./dev run, anew each time.
version: v1
address: $address
admin:
  identity: $(cat $run/admin)
tls:
  key: $run/server.key
  cert: $run/server.crt
keystore:
  fs:
    path: $run/keys
YAML
}

# Waits for the server, which takes over this shell's process, and says how to talk to it.
greet() {
  local key
  key=$(cat $run/api-key)
  until KES_SERVER=$host:$port KES_API_KEY=$key $kes status -k >/dev/null 2>&1; do
    kill -0 $$ 2>/dev/null || exit 0
    sleep 0.1
  done
  cat <<TEXT

Serving on $address, keys in $run/keys. In another terminal, here, try:

  export KES_SERVER=$address KES_API_KEY=$key
  $kes key create my-key -k
  $kes key dek my-key -k

Ctrl-C stops the server.
TEXT
}

if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
  die "something listens on $address already: stop it, or name another address, as in ./dev run 127.0.0.1:7374"
fi
umask 077
mkdir -p $run
[ -s $run/admin ] || makeIdentity
openssl x509 -in $run/server.crt -noout -checkend 86400 >/dev/null 2>&1 || makeCertificate
writeConfig
greet &
exec $kes server --config $run/config.yml
