// Package wire states, request by request, what a client sees on the wire. Every table is run against the Go server
// too: it settles what the answers are. Where ours is meant to answer otherwise, the entry says so and why, and the
// Go server's own answer is still checked, so that the list of differences cannot rot.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"kescompat/harness"
)

// exchange is one request and the answer to it.
type exchange struct {
	name   string
	as     string // key of world.clients; "" is the admin
	method string // default GET
	target string // path and query as they are sent, escapes included
	header http.Header
	body   string
	form   bodyForm
	want   answer
	differ *difference
}

// difference is what the Go server answers where ours deliberately does not follow.
type difference struct {
	goAnswers answer
	because   string
}

// bodyForm is how the length of a body is announced.
type bodyForm int

const (
	declared bodyForm = iota // Content-Length; no body at all if it is empty
	unknown                  // chunked over http/1.1, no content-length over h2, as the SDK sends
)

// answer is what must be true of a response. Empty members are not looked at, except where said.
type answer struct {
	status   int
	location string
	accept   string                  // Accept header, with which a 405 names the right method
	message  string                  // the body is {"message": …} of type application/json
	json     string                  // the body is this JSON value, compared as a value
	text     string                  // the body is this, byte for byte, of type text/plain
	nothing  bool                    // no body: Content-Length 0 and no Content-Type
	check    func(body []byte) error // looks at a body of type application/json
	orElse   *answer                 // the other answer that is as good
	broken   bool                    // there is no answer: the connection breaks
}

func failure(status int, message string) answer { return answer{status: status, message: message} }
func value(json string) answer                  { return answer{status: http.StatusOK, json: json} }

var (
	success         = answer{status: http.StatusOK, nothing: true}
	notFoundPage    = answer{status: http.StatusNotFound, text: "404 page not found\n"}
	notAllowed      = failure(http.StatusForbidden, "not authorized: insufficient permissions")
	keyNotFound     = failure(http.StatusNotFound, "key does not exist")
	keyExists       = failure(http.StatusBadRequest, "key already exists")
	notAuthentic    = failure(http.StatusBadRequest, "decryption failed: ciphertext is not authentic")
	invalidBody     = failure(http.StatusBadRequest, "invalid request body")
	needCertificate = failure(http.StatusBadRequest, "tls: client certificate is required")
)

func run(t *testing.T, w *world, protocol harness.Protocol, exchanges []exchange) {
	t.Helper()
	for _, e := range exchanges {
		t.Run(e.name, func(t *testing.T) {
			want := e.want
			if e.differ != nil && w.server.Program.IsPeer() {
				want = e.differ.goAnswers
			}
			if err := e.perform(w, protocol, want); err != nil {
				t.Errorf("%s %s as %s: %v", e.methodName(), e.target, e.clientName(), err)
			}
		})
	}
}

func (e *exchange) perform(w *world, protocol harness.Protocol, want answer) error {
	response, err := e.send(w, protocol)
	if want.broken && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("cannot read the body: %w", err)
	}
	if want.broken {
		return fmt.Errorf("answered %s, expected the connection to break", response.Status)
	}
	first := want.mismatch(response, body)
	if first != nil && want.orElse != nil && want.orElse.mismatch(response, body) == nil {
		return nil
	}
	return first
}

// send sends the request once; to the Go server more often if it must be. Built with Go 1.26, that one panics in its
// http/1.1 stack, now and then before its answer is out, when it answers without having read the body.
func (e *exchange) send(w *world, protocol harness.Protocol) (*http.Response, error) {
	attempts := 1
	if w.server.Program.IsPeer() && protocol == harness.H1 && (e.body != "" || e.form == unknown) {
		attempts = 10
	}
	for {
		request, err := e.request(w)
		if err != nil {
			return nil, err
		}
		response, err := w.client(e.clientName(), protocol).Do(request)
		if attempts--; err == nil || attempts == 0 {
			return response, err
		}
	}
}

func (e *exchange) request(w *world) (*http.Request, error) {
	var body io.Reader
	switch {
	case e.form == unknown:
		body = struct{ io.Reader }{strings.NewReader(e.body)} // net/http must not see how long it is
	case e.body != "":
		body = strings.NewReader(e.body)
	}
	request, err := http.NewRequest(e.methodName(), w.server.URL, body)
	if err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(e.target, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	// Both forms are given, or net/http would escape the path in its own way.
	request.URL.Path, request.URL.RawPath, request.URL.RawQuery = decoded, path, query
	if e.form == unknown {
		request.ContentLength = -1
	}
	for name, values := range e.header {
		request.Header[name] = values
	}
	return request, nil
}

func (e *exchange) methodName() string {
	if e.method == "" {
		return http.MethodGet
	}
	return e.method
}

func (e *exchange) clientName() string {
	if e.as == "" {
		return "admin"
	}
	return e.as
}

// mismatch is what is wrong with a response, or nil.
func (a *answer) mismatch(response *http.Response, body []byte) error {
	if response.StatusCode != a.status {
		return fmt.Errorf("status is %d %q, expected %d", response.StatusCode, abbreviate(body), a.status)
	}
	if response.Header.Get("Date") == "" {
		return fmt.Errorf("there is no Date header")
	}
	if got := response.Header.Get("Location"); got != a.location {
		return fmt.Errorf("Location is %q, expected %q", got, a.location)
	}
	if got := response.Header.Get("Accept"); got != a.accept {
		return fmt.Errorf("Accept is %q, expected %q", got, a.accept)
	}
	switch {
	case a.nothing:
		return wantNothing(response, body)
	case a.text != "":
		return wantText(response, body, a.text)
	case a.message != "":
		return wantJSON(response, body, fmt.Sprintf(`{"message":%s}`, quote(a.message)))
	case a.json != "":
		return wantJSON(response, body, a.json)
	case a.check != nil:
		if err := wantType(response, "application/json"); err != nil {
			return err
		}
		return a.check(body)
	}
	return nil
}

func wantNothing(response *http.Response, body []byte) error {
	if len(body) != 0 || response.ContentLength != 0 {
		return fmt.Errorf("there is a body %q (Content-Length %d)", abbreviate(body), response.ContentLength)
	}
	if _, ok := response.Header["Content-Type"]; ok {
		return fmt.Errorf("an empty answer has a Content-Type")
	}
	return nil
}

func wantText(response *http.Response, body []byte, text string) error {
	if err := wantType(response, "text/plain; charset=utf-8"); err != nil {
		return err
	}
	if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		return fmt.Errorf("X-Content-Type-Options is %q", got)
	}
	if string(body) != text {
		return fmt.Errorf("body is %q, expected %q", abbreviate(body), text)
	}
	return nil
}

func wantJSON(response *http.Response, body []byte, expected string) error {
	if err := wantType(response, "application/json"); err != nil {
		return err
	}
	if response.ContentLength != int64(len(body)) {
		return fmt.Errorf("Content-Length is %d for a body of %d bytes", response.ContentLength, len(body))
	}
	var got, want any
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("body %q is not JSON: %w", abbreviate(body), err)
	}
	if err := json.Unmarshal([]byte(expected), &want); err != nil {
		return fmt.Errorf("the test expects what is not JSON: %w", err)
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("body is %s, expected %s", abbreviate(bytes.TrimSpace(body)), expected)
	}
	return nil
}

func wantType(response *http.Response, expected string) error {
	if got := response.Header.Get("Content-Type"); got != expected {
		return fmt.Errorf("Content-Type is %q, expected %q", got, expected)
	}
	return nil
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(quoted)
}

func abbreviate(body []byte) string {
	if len(body) > 300 {
		return string(body[:300]) + "…"
	}
	return string(body)
}
