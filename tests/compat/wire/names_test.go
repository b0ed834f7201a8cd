package wire

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestKeyNames(t *testing.T) {
	invalid := func(name string) answer {
		return failure(http.StatusBadRequest, fmt.Sprintf("key name '%s' is empty, too long or contains invalid characters", name))
	}
	eighty, eightyOne := strings.Repeat("n", 80), strings.Repeat("n", 81)
	var table []exchange
	for _, c := range []struct {
		sent string
		want answer
	}{
		{"", invalid("")},
		{"-", invalid("-")},
		{"_", invalid("_")},
		{"-a", invalid("-a")},
		{"a-", invalid("a-")},
		{"a.b", invalid("a.b")},
		{".hidden", invalid(".hidden")},
		{"a%20b", invalid("a b")},
		{"a/b", invalid("a/b")},
		{"a%2Fb", invalid("a/b")},
		{"%2e%2e", invalid("..")},
		{"%2e%2e%2fversion", invalid("../version")},
		{"a%5Cb", invalid(`a\b`)},
		{"a*", invalid("a*")},
		{"%2A", invalid("*")},
		{"%C3%A4", invalid("ä")},
		{"%FF", invalid("\uFFFD")},
		{"a%E2%82", invalid("a\uFFFD\uFFFD")},
		{"%22%3C%3E", invalid(`"<>`)},
		{eightyOne, invalid(eightyOne)},
		{eighty, keyNotFound},
		{"__", keyNotFound},
		{"_a_", keyNotFound},
		{"0", keyNotFound},
		{"A-b_9", keyNotFound},
		{"%41", keyNotFound},
	} {
		table = append(table, exchange{name: "describe " + c.sent, target: "/v1/key/describe/" + c.sent, want: c.want})
	}
	for _, route := range []string{"create", "import", "generate", "encrypt", "decrypt", "hmac"} {
		table = append(table, exchange{name: route + " judges the name before the body", method: http.MethodPut,
			target: "/v1/key/" + route + "/a.b", body: "{", want: invalid("a.b")})
	}
	table = append(table, exchange{name: "delete", method: http.MethodDelete, target: "/v1/key/delete/a.b", want: invalid("a.b")})
	inWorlds(t, table)
}

func TestListingPatterns(t *testing.T) {
	invalid := func(pattern string) answer {
		return failure(http.StatusBadRequest, fmt.Sprintf("listing pattern '%s' is empty, too long or is invalid", pattern))
	}
	chacha := `{"names":["app-chacha"]}`
	// Our continuation `<prefix>*<next name>` is a pattern to us and a mistake to the Go server.
	startAt := func(pattern string) *difference {
		return &difference{invalid(pattern), "the star parts the prefix from the name a page begins at"}
	}
	inWorlds(t, []exchange{
		{name: "everything", target: "/v1/key/list/", want: value(allNames)},
		{name: "everything by a star", target: "/v1/key/list/*", want: value(allNames)},
		{name: "everything by an escaped star", target: "/v1/key/list/%2A", want: value(allNames)},
		{name: "a prefix", target: "/v1/key/list/app-ch", want: value(chacha)},
		{name: "a whole name", target: "/v1/key/list/app-chacha", want: value(chacha)},
		{name: "a prefix with a star", target: "/v1/key/list/app-ch*", want: value(chacha),
			differ: &difference{noNames, "the Go server looks for names with a star in them, which cannot be"}},
		{name: "a prefix that nothing has", target: "/v1/key/list/zzz", want: noNames},
		{name: "a prefix is bytes, not words", target: "/v1/key/list/App", want: noNames},
		{name: "a dash at the end", target: "/v1/key/list/app-", want: invalid("app-")},
		{name: "a dash and a star at the end", target: "/v1/key/list/oth-*", want: noNames},
		{name: "an underscore alone", target: "/v1/key/list/_", want: invalid("_")},
		{name: "a dot", target: "/v1/key/list/a.b", want: invalid("a.b")},
		{name: "a slash", target: "/v1/key/list/a/b", want: invalid("a/b")},
		{name: "a star in front", target: "/v1/key/list/*other", want: value(`{"names":["other"]}`), differ: startAt("*other")},
		{name: "a star within", target: "/v1/key/list/app-*app-short", want: value(`{"names":["app-short","app-vector"]}`),
			differ: startAt("app-*app-short")},
		{name: "two stars", target: "/v1/key/list/app**", want: invalid("app**")},
		{name: "80 bytes", target: "/v1/key/list/" + strings.Repeat("n", 80), want: noNames},
		{name: "81 bytes", target: "/v1/key/list/" + strings.Repeat("n", 81), want: invalid(strings.Repeat("n", 81))},
	})
}

const allNames = `{"names":["app-aes","app-broken","app-chacha","app-empty","app-json","app-json-chacha","app-k1",` +
	`"app-k1-chacha","app-newline","app-odd","app-short","app-vector","other"]}`

var noNames = answer{status: http.StatusOK, json: `{"names":[]}`, orElse: &answer{status: http.StatusOK, json: `{"names":null}`}}
