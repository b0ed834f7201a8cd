package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestLifeOfAKey(t *testing.T) {
	put, del := http.MethodPut, http.MethodDelete
	secret := `"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="`
	const ivAndNonce = "202122232425262728292a2b2c2d2e2f" + "303132333435363738393a3b"
	sealedAES := hex64("9c985a056d1a50225391691438734385107eebb06ffcae81f84fab" + ivAndNonce)
	sealedChaCha := hex64("c324933bb8f0f7c411bed6ec25950d16e37f18fb8e4149be0035cb" + ivAndNonce)
	cipher := func(name string) answer {
		return failure(http.StatusNotAcceptable, fmt.Sprintf("algorithm '%s' is not supported", name))
	}
	size := func(name string) answer {
		return failure(http.StatusNotAcceptable, fmt.Sprintf("invalid key size for '%s'", name))
	}
	imports := func(name, body string, want answer) exchange {
		return exchange{name: "import " + name, method: put, target: "/v1/key/import/app-" + name, body: body, want: want}
	}
	describes := func(name, algorithm string) exchange {
		return exchange{name: "describe " + name, target: "/v1/key/describe/app-" + name,
			want: answer{status: http.StatusOK, check: isNewKey("app-"+name, algorithm)}}
	}
	olderNames := func(e exchange, goAnswers answer) exchange {
		e.differ = &difference{goAnswers, "documentation and older clients say bytes and algorithm for key and cipher"}
		return e
	}
	inWorlds(t, []exchange{
		{name: "create", method: put, target: "/v1/key/create/app-new", want: success},
		{name: "create again", method: put, target: "/v1/key/create/app-new", want: keyExists},
		{name: "create over a key of the first years", method: put, target: "/v1/key/create/app-json", want: keyExists},
		{name: "create over a broken key", method: put, target: "/v1/key/create/app-broken", want: keyExists},
		describes("new", ""),
		{name: "use it", method: put, target: "/v1/key/generate/app-new", want: answer{status: http.StatusOK, check: isDataKey}},
		{name: "delete", method: del, target: "/v1/key/delete/app-new", want: success},
		{name: "delete again", method: del, target: "/v1/key/delete/app-new", want: keyNotFound},
		{name: "describe after delete", target: "/v1/key/describe/app-new", want: keyNotFound},
		{name: "use after delete", method: put, target: "/v1/key/generate/app-new", want: keyNotFound},
		{name: "create once more", method: put, target: "/v1/key/create/app-new", want: success},
		{name: "delete for someone not allowed", as: "app", method: del, target: "/v1/key/delete/app-new", want: notAllowed},
		{name: "delete a broken key", method: del, target: "/v1/key/delete/app-broken", want: success},

		imports("i1", `{"key":`+secret+`,"cipher":"AES256"}`, success),
		imports("i2", `{"key":`+secret+`,"cipher":"AES256-GCM_SHA256"}`, success),
		imports("i3", `{"key":`+secret+`,"cipher":"ChaCha20"}`, success),
		imports("i4", `{"key":`+secret+`,"cipher":"XCHACHA20-POLY1305"}`, success),
		describes("i1", "AES256"), describes("i2", "AES256"), describes("i3", "ChaCha20"), describes("i4", "ChaCha20"),
		imports("i1", `{"key":`+secret+`,"cipher":"ChaCha20"}`, keyExists),
		{name: "an imported key opens what was sealed under its material", method: put, target: "/v1/key/decrypt/app-i1",
			body: decryptBody(sealedAES, "Y3R4"),
			want: value(`{"plaintext":"aGVsbG8gd29ybGQ="}`)},
		{name: "an imported ChaCha20 key too", method: put, target: "/v1/key/decrypt/app-i3",
			body: decryptBody(sealedChaCha, "Y3R4"),
			want: value(`{"plaintext":"aGVsbG8gd29ybGQ="}`)},
		imports("x", `{"key":`+secret+`,"cipher":"aes256"}`, cipher("aes256")),
		imports("x", `{"key":`+secret+`,"cipher":""}`, cipher("")),
		imports("x", `{"key":`+secret+`}`, cipher("")),
		imports("x", `{"key":`+secret+`,"cipher":"AES128"}`, cipher("AES128")),
		imports("x", `{"key":`+secret+`,"cipher":"<\"é\n>"}`, cipher("<\"é\n>")),
		imports("x", `{"key":"AAAA","cipher":"nonsense"}`, cipher("nonsense")),
		imports("x", `{"key":"AAAA","cipher":"AES256"}`, size("AES256")),
		imports("x", `{"cipher":"ChaCha20"}`, size("ChaCha20")),
		imports("x", `{"key":"`+strings.Repeat("A", 44)+`","cipher":"AES256"}`, size("AES256")),
		imports("x", `{}`, cipher("")),
		imports("x", `null`, cipher("")),
		{name: "nothing was imported by mistake", target: "/v1/key/describe/app-x", want: keyNotFound},
		olderNames(imports("i5", `{"bytes":`+secret+`,"algorithm":"ChaCha20"}`, success), cipher("")),
		olderNames(imports("i6", `{"bytes":`+secret+`,"cipher":"AES256"}`, success), size("AES256")),
	})
}

func TestDescriptionsOfStoredKeys(t *testing.T) {
	unreadable := failure(http.StatusBadGateway, "failed to read key")
	put := http.MethodPut
	inWorlds(t, []exchange{
		{name: "AES256", target: "/v1/key/describe/app-aes",
			want: value(`{"name":"app-aes","algorithm":"AES256","created_at":"2024-01-01T00:00:00Z"}`)},
		{name: "ChaCha20", target: "/v1/key/describe/app-chacha",
			want: value(`{"name":"app-chacha","algorithm":"ChaCha20","created_at":"2024-01-01T00:00:00Z","created_by":"` + vectorOwner + `"}`)},
		{name: "a published vector", target: "/v1/key/describe/app-vector",
			want: value(`{"name":"app-vector","algorithm":"AES256","created_at":"2024-01-12T10:39:20.886816Z","created_by":"` + vectorOwner + `"}`)},
		{name: "a line break behind it", target: "/v1/key/describe/app-newline",
			want: value(`{"name":"app-newline","algorithm":"AES256","created_at":"2024-01-01T00:00:00Z"}`)},
		{name: "JSON of the first years", target: "/v1/key/describe/app-json",
			want: value(`{"name":"app-json","algorithm":"AES256","created_at":"0001-01-01T00:00:00Z"}`)},
		{name: "JSON of later years", target: "/v1/key/describe/app-json-chacha",
			want: value(`{"name":"app-json-chacha","algorithm":"ChaCha20","created_at":"2009-11-10T23:00:00Z","created_by":"` + vectorOwner + `"}`)},
		{name: "no key at all", target: "/v1/key/describe/app-broken", want: unreadable},
		{name: "an empty file", target: "/v1/key/describe/app-empty", want: unreadable,
			differ: &difference{answer{broken: true}, "the Go server crashes the request on a stored key without key material"}},
		{name: "a key too short", target: "/v1/key/describe/app-short", want: unreadable},
		{name: "an unknown algorithm", target: "/v1/key/describe/app-odd", want: unreadable},
		{name: "generate under a broken key", method: put, target: "/v1/key/generate/app-broken", want: unreadable},
		{name: "decrypt under a broken key", method: put, target: "/v1/key/decrypt/app-broken", body: `{}`, want: unreadable},
	})
}

func TestMessageAuthenticationCodes(t *testing.T) {
	put := http.MethodPut
	ofHello := value(`{"hmac":"` + hex64("d3e1bafc35ce26a0cfc38584def2543cc49694d82c7333ab8efffd63b672696b") + `"}`)
	inWorlds(t, []exchange{
		{name: "a vector", method: put, target: "/v1/key/hmac/app-aes", body: `{"message":"aGVsbG8="}`, want: ofHello},
		{name: "under a ChaCha20 key", method: put, target: "/v1/key/hmac/app-chacha", body: `{"message":"aGVsbG8="}`, want: ofHello},
		{name: "with a version", method: put, target: "/v1/key/hmac/app-aes", body: `{"message":"aGVsbG8=","version":"v1"}`,
			want: ofHello},
		{name: "of nothing", method: put, target: "/v1/key/hmac/app-aes", body: `{}`,
			want: answer{status: http.StatusOK, check: isMAC}},
		{name: "under a key that has none", method: put, target: "/v1/key/hmac/app-json", body: `{"message":"aGVsbG8="}`,
			want: failure(http.StatusConflict, "key does not support HMAC")},
		{name: "under a missing key", method: put, target: "/v1/key/hmac/missing", body: `{"message":"aGVsbG8="}`, want: keyNotFound},
	})
}

func TestMissingKeys(t *testing.T) {
	put := http.MethodPut
	inWorlds(t, []exchange{
		{name: "describe", target: "/v1/key/describe/missing", want: keyNotFound},
		{name: "generate", method: put, target: "/v1/key/generate/missing", want: keyNotFound},
		{name: "encrypt", method: put, target: "/v1/key/encrypt/missing", body: `{}`, want: keyNotFound},
		{name: "decrypt", method: put, target: "/v1/key/decrypt/missing", body: `{}`, want: keyNotFound},
		{name: "hmac", method: put, target: "/v1/key/hmac/missing", body: `{}`, want: keyNotFound},
		{name: "delete", method: http.MethodDelete, target: "/v1/key/delete/missing", want: keyNotFound},
	})
}

func TestBodiesNobodyAskedFor(t *testing.T) {
	// Only ours: a Go server built with Go 1.26 panics over http/1.1, and what was created may be created again.
	inOurWorlds(t, []exchange{
		{name: "create", method: http.MethodPut, target: "/v1/key/create/app-body", body: `{"ignored":true}`, want: success},
		{name: "create of unknown length", method: http.MethodPost, target: "/v1/key/create/app-body-2", body: `ignored`,
			form: unknown, want: success},
		{name: "describe", target: "/v1/key/describe/app-aes", body: `ignored`, want: answer{status: http.StatusOK}},
		{name: "delete", method: http.MethodDelete, target: "/v1/key/delete/app-body", body: `ignored`, want: success},
		{name: "a large one", method: http.MethodPut, target: "/v1/key/create/app-body-3", body: strings.Repeat("x", 100_000), want: success},
	})
}

// isNewKey accepts the description of a key made just now by the admin.
func isNewKey(name, algorithm string) func([]byte) error {
	return func(body []byte) error {
		var info struct {
			Name      string    `json:"name"`
			Algorithm string    `json:"algorithm"`
			CreatedAt time.Time `json:"created_at"`
			CreatedBy string    `json:"created_by"`
		}
		if err := json.Unmarshal(body, &info); err != nil {
			return err
		}
		if info.Name != name || len(info.CreatedBy) != 64 {
			return fmt.Errorf("unexpected name or creator: %s", body)
		}
		if info.Algorithm != algorithm && (algorithm != "" || info.Algorithm != "AES256" && info.Algorithm != "ChaCha20") {
			return fmt.Errorf("the algorithm is %q", info.Algorithm)
		}
		if age := time.Since(info.CreatedAt); age < -time.Minute || age > time.Hour || info.CreatedAt.Location() != time.UTC {
			return fmt.Errorf("created at %v, which is not just now in UTC", info.CreatedAt)
		}
		return nil
	}
}
