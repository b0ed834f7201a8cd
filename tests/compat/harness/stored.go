package harness

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Type numbers of stored keys.
const (
	StoredAES256   = 1
	StoredChaCha20 = 2
)

// StoredKey encodes a key as current servers store it: base64 of the protobuf message KeyVersion.
func StoredKey(kind byte, secret, hmac []byte, createdAt time.Time, createdBy string) string {
	message := field(1, append(field(1, secret), 2<<3, kind))
	message = append(message, field(2, append(field(1, hmac), 2<<3, 1))...)
	timestamp := binary.AppendUvarint([]byte{1 << 3}, uint64(createdAt.Unix()))
	if nanos := createdAt.Nanosecond(); nanos != 0 {
		timestamp = binary.AppendUvarint(append(timestamp, 2<<3), uint64(nanos))
	}
	message = append(message, field(3, timestamp)...)
	if createdBy != "" {
		message = append(message, field(4, []byte(createdBy))...)
	}
	return base64.StdEncoding.EncodeToString(message)
}

// Plant puts a stored key into the directory of an fs key store, as if a server had written it.
func Plant(t testing.TB, dir, name, blob string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(blob), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Bytes counts upwards from first: the key material of the published vectors.
func Bytes(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// field is a length-delimited protobuf field.
func field(number byte, value []byte) []byte {
	return append(binary.AppendUvarint([]byte{number<<3 | 2}, uint64(len(value))), value...)
}
