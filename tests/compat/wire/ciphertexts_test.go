package wire

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"kescompat/harness"
)

// TestCiphertextsOfAllEras opens the published ciphertexts: of 2019 (JSON), of 2022 (MessagePack) and of today (raw).
func TestCiphertextsOfAllEras(t *testing.T) {
	const (
		p0      = "AAAAAAAAAAAAAAAAAAAAAA=="
		p1      = "CLcJoykFCWZDkEIiUq9bJRqwCwW9ZDvdgu8EMA=="
		a0      = "AAAAAAAAAAAAAAAAAAAAAA=="
		bucket  = "eyJidWNrZXQiOiJhL2IifQ==" // {"bucket":"a/b"}
		aesJSON = `{"aead":"AES-256-GCM-HMAC-SHA-256","iv":"xLxIN3tSCkg2xMafuvwUwg==","nonce":"gu0mGwUkwcvMEoi5","bytes":"WVgRjeIJm3w50C/l+y7y2i6mbNg5NCAqN1zvOYWZKmc="}`
		chaJSON = `{"aead":"ChaCha20Poly1305","iv":"s3fSZ6vk5m+DfQA8yZWeUg==","nonce":"8/kHMnCMs3h9NZ2a","bytes":"cw22HjLq/4cx8507SW4hhSrYbDiMuRao4b5+GE+XfbE="}`
		chaID   = `{"aead":"ChaCha20Poly1305","id":"66687aadf862bd776c8fc18b8e9f8e20","iv":"EC0eZp7Pqt+LnkOae5xaAg==","nonce":"X1ejXKmH/ugFZPkk","bytes":"wIGBTDs6aOvsqJfekZ0PYRT/OHyFX2TXqeNwl1SLXOI="}`
		aesPack = "lbFBRVMyNTYtR0NNX1NIQTI1NtkgNjY2ODdhYWRmODYyYmQ3NzZjOGZjMThiOGU5ZjhlMjDEEExv7LAd4oz0SaHZrX5LBufEDEKME1ow1CDfUFrqv8QgJuy7Sw+jVqz99TK1HV851LT3K4mwwDv46TB2ngWkAJQ="
		chaPack = "lbJYQ0hBQ0hBMjAtUE9MWTEzMDXZIDY2Njg3YWFkZjg2MmJkNzc2YzhmYzE4YjhlOWY4ZTIwxBBAr+aptD4x2+qfOhiErbnkxAxYs8RmNC1JJXD1hiHEIJ2KqM0jjkME7ndx8nyVseesN83Np0rM5ejVUun+fNFu"
		aesRaw  = "zwdDgHeRlIFRnJ7+DIhs/ka7GFK2CFSfDELqg1VCyTQzZ58o7MAdupMLk3ZjlMo2ZUDwldL2o41nAWDc"
		k1Raw   = "s2gmfQHeGdlyL8x1yEWSACUV3GrSoz3t160hugMgzKWgyqesXDVUJ5Dw5Mt076rR1PNiU9X4YjLH14D8a81t2r2xsz4gVZac"
		k1Cha   = "gO4woRIswAJdjUjW7z2ApsSQxJlwB24yjLrmH4eI7sB0uh5nfEJfk9ybTPFft5FRFaZCVBmzhx7OJs9n0WWtxH3sySIxecIK"
		seqIV   = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b"
		seqAES  = "ac7d57c83f47b65306cd6c1d8283a93fa2f78a5404361200d1866f1272542b4201e33327ed8048c340271b3e708c3f48"
		seqCha  = "91181e9d33ece94921d37e61afe957f6b33668391c73b2afc4b802ef537b656fc8509561129ddd9aff128550600da94d"
		noneAES = "ad08521358b624db7db5d03a003073b0"
		noneCha = "3b1cc534cbb548e30983e756ad9053e7"
	)
	seqPack := "95b1" + hex.EncodeToString([]byte("AES256-GCM_SHA256")) +
		"d920" + hex.EncodeToString([]byte("82d86408530b765e46ebf47807095027")) +
		"c410" + seqIV[:32] + "c40c" + seqIV[32:] + "c430" + seqAES
	seqPlain := b64(harness.Bytes(0, 32))

	opens := func(name, key, ciphertext, context, plaintext string) exchange {
		return exchange{name: name, method: http.MethodPut, target: "/v1/key/decrypt/" + key,
			body: decryptBody(ciphertext, context), want: value(`{"plaintext":"` + plaintext + `"}`)}
	}
	refuses := func(name, key, ciphertext, context string) exchange {
		return exchange{name: name, method: http.MethodPut, target: "/v1/key/decrypt/" + key,
			body: decryptBody(ciphertext, context), want: notAuthentic}
	}
	replaced := func(text, old, with string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the vector", old)
		}
		return text64(strings.Replace(text, old, with, 1))
	}
	inWorlds(t, []exchange{
		opens("JSON, AES", "app-json", text64(aesJSON), "", p0),
		opens("JSON, ChaCha20", "app-json-chacha", text64(chaJSON), "", p0),
		opens("JSON with an id", "app-json-chacha", text64(chaID), "", p0),
		opens("JSON with another key's id", "app-json", replaced(aesJSON, `{"aead"`, `{"id":"00010203040506070809101112131415","aead"`), "", p0),
		opens("MessagePack, AES", "app-json", aesPack, "", p0),
		opens("MessagePack, ChaCha20", "app-json-chacha", chaPack, "", p0),
		opens("MessagePack with a context", "app-aes", hex64(seqPack), bucket, seqPlain),
		opens("raw, AES", "app-json", aesRaw, "", p0),
		opens("raw with a context", "app-k1", k1Raw, a0, p1),
		opens("raw with a context, ChaCha20", "app-k1-chacha", k1Cha, a0, p1),
		opens("raw under a key of today", "app-aes", hex64(seqAES+seqIV), bucket, seqPlain),
		opens("raw under a ChaCha20 key of today", "app-chacha", hex64(seqCha+seqIV), bucket, seqPlain),
		opens("raw of nothing", "app-aes", hex64(noneAES+seqIV), "", ""),
		opens("raw of nothing, ChaCha20", "app-chacha", hex64(noneCha+seqIV), "", ""),

		refuses("another key", "app-k1", aesRaw, ""),
		refuses("another algorithm", "app-chacha", hex64(seqAES+seqIV), bucket),
		refuses("another context", "app-aes", hex64(seqAES+seqIV), a0),
		refuses("no context", "app-aes", hex64(seqAES+seqIV), ""),
		refuses("a context where there was none", "app-json", aesRaw, a0),
		refuses("a flipped bit", "app-aes", hex64("ad"+seqAES[2:]+seqIV), bucket),
		refuses("a byte less", "app-aes", hex64(seqAES+seqIV[:54]), bucket),
		refuses("a byte more", "app-aes", hex64(seqAES+seqIV+"00"), bucket),
		refuses("nothing", "app-aes", "", ""),
		refuses("28 bytes", "app-aes", hex64(seqIV), ""),
		refuses("29 bytes", "app-aes", hex64("00"+seqIV), ""),
		refuses("MessagePack with a byte behind it", "app-aes", hex64(seqPack+"00"), bucket),
		refuses("MessagePack cut short", "app-aes", hex64(seqPack[:len(seqPack)-2]), bucket),
		refuses("MessagePack alone", "app-aes", hex64("95"), ""),
		refuses("a brace alone", "app-aes", text64("{"), ""),
		refuses("JSON with an unknown algorithm", "app-json", replaced(aesJSON, "AES-256-GCM-HMAC-SHA-256", "AES-256-GCM"), ""),
		refuses("JSON with a long IV", "app-json", replaced(aesJSON, "xLxIN3tSCkg2xMafuvwUwg==", "EjOY4JKqjIrPmQ5z1KSR8zlhggY="), ""),
		refuses("JSON with a short nonce", "app-json", replaced(aesJSON, "gu0mGwUkwcvMEoi5", "efY+4kYF9n8="), ""),
		refuses("JSON with a short nonce, ChaCha20", "app-json-chacha", replaced(chaJSON, "8/kHMnCMs3h9NZ2a", "SXAbms731/c="), ""),
		refuses("JSON with other bytes", "app-json", replaced(aesJSON, "WVgRjeIJm3w50C/l+y7y2i6mbNg5NCAqN1zvOYWZKmc=",
			"QTza1g5oX3f9cGJMbY1xJwWPj1F7R2VnNl6XpFKYQy0="), ""),
		refuses("JSON with other bytes, ChaCha20", "app-json-chacha", replaced(chaJSON, "cw22HjLq/4cx8507SW4hhSrYbDiMuRao4b5+GE+XfbE=",
			"TTi8pkO+Jh1JWAHvPxZeUk/iVoBPUCE4ZSVGBy3fW2s="), ""),
		refuses("JSON without a comma", "app-json", replaced(aesJSON, `SHA-256",`, `SHA-256"`), ""),
	})
}

// TestBulkDecrypt is about a route that newest KES dropped and older clients use.
func TestBulkDecrypt(t *testing.T) {
	const (
		one  = `{"ciphertext":"zwdDgHeRlIFRnJ7+DIhs/ka7GFK2CFSfDELqg1VCyTQzZ58o7MAdupMLk3ZjlMo2ZUDwldL2o41nAWDc"}`
		bad  = `{"ciphertext":"zwdDgHeRlIFRnJ7+DIhs/ka7GFK2CFSfDELqg1VCyTQzZ58o7MAdupMLk3ZjlMo2ZUDwldL2o41nAWDd"}`
		open = `{"plaintext":"AAAAAAAAAAAAAAAAAAAAAA=="}`
	)
	bulk := func(name, key, body string, want answer) exchange {
		return exchange{name: name, method: http.MethodPost, target: "/v1/key/bulk/decrypt/" + key, body: body, want: want,
			differ: &difference{notFoundPage, "the newest Go server no longer has this route"}}
	}
	asApp := func(e exchange) exchange { e.as = "app"; return e }
	many := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	inWorlds(t, []exchange{
		bulk("none", "app-json", `[]`, value(`[]`)),
		bulk("one", "app-json", `[`+one+`]`, value(`[`+open+`]`)),
		bulk("three", "app-json", many(3), value(`[`+open+`,`+open+`,`+open+`]`)),
		bulk("all or nothing", "app-json", `[`+one+`,`+bad+`]`, notAuthentic),
		bulk("the most", "app-json", many(1000), value(strings.ReplaceAll(many(1000), one, open))),
		bulk("too many", "app-json", many(1001), failure(http.StatusBadRequest, "too many ciphertexts")),
		bulk("a missing key", "missing", `[`+one+`]`, keyNotFound),
		asApp(bulk("by a rule for newer routes", "app-json", `[`+one+`]`, notAllowed)),
	})
}

func decryptBody(ciphertext, context string) string {
	if context == "" {
		return `{"ciphertext":"` + ciphertext + `"}`
	}
	return `{"ciphertext":"` + ciphertext + `","context":"` + context + `"}`
}

func text64(text string) string { return b64([]byte(text)) }

func hex64(digits string) string {
	b, err := hex.DecodeString(digits)
	if err != nil {
		panic(err) // the vectors are part of the test
	}
	return b64(b)
}
