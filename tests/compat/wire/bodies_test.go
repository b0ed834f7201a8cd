package wire

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// maxBody is the most that the routes with a body read.
const maxBody = 1_000_000

func TestRequestBodies(t *testing.T) {
	encrypted := answer{status: http.StatusOK, check: isCiphertext(11)}
	hello := `"aGVsbG8gd29ybGQ="`
	padded := func(n int) string { // a JSON object of n bytes that encrypts to no more than a few
		head, end := `{"plaintext":`+hello+`,"x":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(end)) + end
	}
	var table []exchange
	encrypt := func(name, body string, want answer, differ *difference) {
		for form, how := range map[bodyForm]string{declared: "", unknown: ", of unknown length"} {
			if body == "" && form == declared {
				continue
			}
			table = append(table, exchange{name: name + how, method: http.MethodPut, target: "/v1/key/encrypt/app-aes",
				body: body, form: form, want: want, differ: differ})
		}
	}
	encrypt("an object", `{"plaintext":`+hello+`}`, encrypted, nil)
	encrypt("blanks around", " \r\n\t{ \"plaintext\" : "+hello+" }\n", encrypted, nil)
	encrypt("members in other case", `{"PlainText":`+hello+`,"CONTEXT":null}`, encrypted, nil)
	encrypt("unknown members", `{"plaintext":`+hello+`,"more":{"a":[1,2,{"b":null}]},"less":1e3}`, encrypted, nil)
	encrypt("a version of any type", `{"plaintext":`+hello+`,"version":["v1",2]}`, encrypted, nil)
	encrypt("the last of two wins", `{"plaintext":"AAAA","plaintext":`+hello+`}`, encrypted, nil)
	encrypt("text behind the value", `{"plaintext":`+hello+`} and then some`, encrypted, nil)
	encrypt("a second value", `{"plaintext":`+hello+`}{"plaintext":7}`, encrypted, nil)
	encrypt("line breaks in base64", `{"plaintext":"aGVs\r\nbG8gd29ybGQ=\n"}`, encrypted, nil)
	encrypt("an array of bytes", `{"plaintext":[104,101,108,108,111,32,119,111,114,108,100]}`, encrypted, nil)
	encrypt("escapes in base64", `{"plaintext":"\u0061GVsbG8gd29ybGQ\u003d"}`, encrypted, nil)
	encrypt("null", `null`, answer{status: http.StatusOK, check: isCiphertext(0)}, nil)
	encrypt("an empty object", `{}`, answer{status: http.StatusOK, check: isCiphertext(0)}, nil)
	encrypt("null plaintext", `{"plaintext":null}`, answer{status: http.StatusOK, check: isCiphertext(0)}, nil)
	encrypt("empty plaintext", `{"plaintext":""}`, answer{status: http.StatusOK, check: isCiphertext(0)}, nil)
	encrypt("nothing", ``, invalidBody, nil)
	encrypt("blanks only", "  \n", invalidBody, nil)
	encrypt("an array", `[]`, invalidBody, nil)
	encrypt("a string", `"plaintext"`, invalidBody, nil)
	encrypt("a number", `1`, invalidBody, nil)
	encrypt("an object cut short", `{"plaintext":`+hello, invalidBody, nil)
	encrypt("a comma too many", `{"plaintext":`+hello+`,}`, invalidBody, nil)
	encrypt("single quotes", `{'plaintext':''}`, invalidBody, nil)
	encrypt("a number for bytes", `{"plaintext":1}`, invalidBody, nil)
	encrypt("an object for bytes", `{"plaintext":{}}`, invalidBody, nil)
	encrypt("numbers that are no bytes", `{"plaintext":[256]}`, invalidBody, nil)
	encrypt("fractions for bytes", `{"plaintext":[1.5]}`, invalidBody, nil)
	encrypt("base64 without padding", `{"plaintext":"aGVsbG8gd29ybGQ"}`, invalidBody, nil)
	encrypt("the URL alphabet", `{"plaintext":"_-8="}`, invalidBody, nil)
	encrypt("a blank in base64", `{"plaintext":"aGVs bG8="}`, invalidBody, nil)
	encrypt("a context that is no base64", `{"plaintext":`+hello+`,"context":"?"}`, invalidBody, nil)
	encrypt("a context of another type", `{"plaintext":`+hello+`,"context":true}`, invalidBody, nil)
	encrypt("a control character in a string", "{\"plaintext\":"+hello+",\"x\":\"\x01\"}", invalidBody, nil)
	encrypt("the largest body", padded(maxBody), encrypted, nil)
	encrypt("a body too large", padded(maxBody+1), invalidBody, nil)
	encrypt("a body far too large", padded(4*maxBody), invalidBody, nil)
	encrypt("much text behind the value", `{"plaintext":`+hello+`}`+strings.Repeat(" ", 2*maxBody), encrypted, nil)
	encrypt("depth 64", nested(64), encrypted, nil)
	encrypt("depth 65", nested(65), invalidBody,
		&difference{encrypted, "ours bounds the nesting of what a stranger sends"})
	inWorlds(t, table)
}

// nested is an object for encrypt whose brackets are open to a depth of n.
func nested(n int) string {
	return fmt.Sprintf(`{"plaintext":"aGVsbG8gd29ybGQ=","x":%s1%s}`, strings.Repeat("[", n-1), strings.Repeat("]", n-1))
}

func TestBodiesOfOtherRoutes(t *testing.T) {
	generated := answer{status: http.StatusOK, check: isDataKey}
	put := http.MethodPut
	inWorlds(t, []exchange{
		{name: "generate without a body", method: put, target: "/v1/key/generate/app-aes", want: generated},
		{name: "generate with an empty object", method: put, target: "/v1/key/generate/app-aes", body: `{}`, want: generated},
		{name: "generate with a context", method: put, target: "/v1/key/generate/app-aes", body: `{"context":"Y3R4"}`, want: generated},
		{name: "generate with nothing of unknown length", method: put, target: "/v1/key/generate/app-aes", form: unknown, want: invalidBody},
		{name: "generate with a broken body", method: put, target: "/v1/key/generate/app-aes", body: `{"context":`, want: invalidBody},
		{name: "generate with a context of another type", method: put, target: "/v1/key/generate/app-aes", body: `{"context":1}`, want: invalidBody},
		{name: "decrypt without a body", method: put, target: "/v1/key/decrypt/app-aes", want: invalidBody},
		{name: "decrypt with a broken body", method: put, target: "/v1/key/decrypt/app-aes", body: `{"ciphertext":"?"}`, want: invalidBody},
		{name: "the body is judged before the key", method: put, target: "/v1/key/decrypt/missing", body: `{"ciphertext":"?"}`, want: invalidBody},
		{name: "hmac without a body", method: put, target: "/v1/key/hmac/app-aes", want: invalidBody},
		{name: "hmac with a broken body", method: put, target: "/v1/key/hmac/app-aes", body: `{"message":7}`, want: invalidBody},
		{name: "encrypt without a body", method: put, target: "/v1/key/encrypt/app-aes", want: invalidBody},
		{name: "import without a body", method: put, target: "/v1/key/import/app-i",
			want: failure(http.StatusBadRequest, "invalid import key request body")},
		{name: "import with a broken body", method: put, target: "/v1/key/import/app-i", body: `{"key":"?","cipher":"AES256"}`,
			want: failure(http.StatusBadRequest, "invalid import key request body")},
		{name: "no type is asked for", method: put, target: "/v1/key/generate/app-aes", body: `{}`,
			header: http.Header{"Content-Type": {"text/html"}}, want: generated},
	})
}
