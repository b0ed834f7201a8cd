package wire

import (
	"net/http"
	"testing"
)

func TestWhoMayDoWhat(t *testing.T) {
	inWorlds(t, []exchange{
		{name: "the version is for everyone", as: "stranger", target: "/version", want: answer{status: http.StatusOK}},
		{name: "the version is for certificate authorities too", as: "authority", target: "/version",
			want: answer{status: http.StatusOK}},
		{name: "a CA:TRUE certificate is no identity", as: "authority", target: "/v1/status", want: needCertificate},
		{name: "the certificate is judged before the name", as: "authority", method: http.MethodPut,
			target: "/v1/key/create/-", want: needCertificate},

		{name: "a stranger", as: "stranger", target: "/v1/status", want: notAllowed},
		{name: "a stranger on an existing key", as: "stranger", target: "/v1/key/describe/app-aes", want: notAllowed},
		{name: "a stranger on a missing key", as: "stranger", target: "/v1/key/describe/missing", want: notAllowed},
		{name: "a stranger with an impossible name", as: "stranger", target: "/v1/key/describe/-", want: notAllowed},
		{name: "a stranger with a broken body", as: "stranger", method: http.MethodPut,
			target: "/v1/key/generate/app-aes", body: "{", want: notAllowed},
		{name: "a stranger listing", as: "stranger", target: "/v1/key/list/", want: notAllowed},

		{name: "allowed by prefix", as: "app", target: "/v1/key/describe/app-aes", want: answer{status: http.StatusOK}},
		{name: "allowed exactly", as: "app", target: "/v1/status", want: answer{status: http.StatusOK}},
		{name: "the prefix alone is matched but is no key", as: "app", target: "/v1/key/describe/app-",
			want: failure(http.StatusBadRequest, "key name 'app-' is empty, too long or contains invalid characters")},
		{name: "another prefix", as: "app", target: "/v1/key/describe/other", want: notAllowed},
		{name: "another route", as: "app", target: "/v1/api", want: notAllowed},
		{name: "an exact rule is no prefix", as: "app", method: http.MethodPut, target: "/v1/key/hmac/app-aes2",
			body: `{}`, want: notAllowed},
		{name: "the rule without its resource", as: "app", target: "/v1/key/describe/", want: notAllowed},
		{name: "deny beats allow by prefix", as: "app", method: http.MethodPut, target: "/v1/key/create/app-forbidden-1",
			want: notAllowed},
		{name: "deny beats allow exactly", as: "app", method: http.MethodPut, target: "/v1/key/decrypt/app-chacha",
			body: `{}`, want: notAllowed},
		{name: "deny is exact where it is exact", as: "app", method: http.MethodPut, target: "/v1/key/generate/app-chacha",
			body: `{}`, want: answer{status: http.StatusOK}},
		{name: "the path is decoded before it is judged", as: "app", method: http.MethodPut,
			target: "/v1/key/decrypt/app%2Dchacha", body: `{}`, want: notAllowed},
		{name: "an escaped path that is allowed", as: "app", target: "/v1/key/describe/%61pp-aes",
			want: answer{status: http.StatusOK}},
		{name: "the body is not looked at before the policy", as: "app", method: http.MethodPut,
			target: "/v1/key/encrypt/other", body: "{", want: notAllowed},

		{name: "a rule on the listing allows its root", as: "reader", target: "/v1/key/list/",
			want: answer{status: http.StatusOK}},
		{name: "a rule on the listing allows a pattern", as: "reader", target: "/v1/key/list/app-*",
			want: answer{status: http.StatusOK}},
		{name: "a rule on a prefix refuses the whole list", as: "app", target: "/v1/key/list/", want: notAllowed},
		{name: "a rule on a prefix refuses a shorter one", as: "app", target: "/v1/key/list/ap*", want: notAllowed},
		{name: "a rule on a prefix allows it", as: "app", target: "/v1/key/list/app-*", want: answer{status: http.StatusOK}},

		{name: "the admin needs no policy", target: "/v1/api", want: answer{status: http.StatusOK}},
		{name: "the admin on a missing key", target: "/v1/key/describe/missing", want: keyNotFound},
	})
}
