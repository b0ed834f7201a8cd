package wire

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kescompat/harness"
)

// rawExchange is http/1.1 as no client library would write it. Statuses are those of the answers, in order.
type rawExchange struct {
	name     string
	request  string // <host> stands for the server's address
	statuses []int
	closes   bool // the server closes the connection behind its last answer
	differ   *rawDifference
}

type rawDifference struct {
	goStatuses []int
	goCloses   bool
	because    string
}

func get(path string, headers ...string) string { return raw("GET", path, "", headers) }

func put(path, body string, headers ...string) string { return raw("PUT", path, body, headers) }

func raw(method, path, body string, headers []string) string {
	text := method + " " + path + " HTTP/1.1\r\nHost: <host>\r\n"
	for _, header := range headers {
		text += header + "\r\n"
	}
	return text + "\r\n" + body
}

func TestHandWrittenRequests(t *testing.T) {
	const generate = "/v1/key/generate/app-aes"
	big := "X: " + strings.Repeat("x", 20_000)
	keepsOpen := &rawDifference{[]int{400}, true, "where such a request ends is certain, so the connection can go on"}
	table := []rawExchange{
		{name: "two at once", request: get("/version") + get("/v1/ready"), statuses: []int{200, 200}},
		{name: "bodies at once", request: put(generate, `{}`, "Content-Length: 2") + put(generate, `{}`, "Content-Length: 2"),
			statuses: []int{200, 200}},
		{name: "chunks", request: put(generate, "1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n", "Transfer-Encoding: chunked") + get("/version"),
			statuses: []int{200, 200}},
		{name: "chunks with a trailer", request: put(generate, "2\r\n{}\r\n0\r\nX: y\r\n\r\n", "Transfer-Encoding: chunked") + get("/version"),
			statuses: []int{200, 200}},
		{name: "asking to close", request: get("/version", "Connection: close"), statuses: []int{200}, closes: true},
		{name: "HTTP/1.0", request: "GET /version HTTP/1.0\r\n\r\n", statuses: []int{200}, closes: true},
		{name: "continue", request: put(generate, "", "Content-Length: 2", "Expect: 100-continue"), statuses: []int{100}},
		{name: "the whole address", request: "GET https://<host>/version HTTP/1.1\r\nHost: <host>\r\n\r\n", statuses: []int{200}},
		{name: "header names in other case", request: put(generate, `{}`, "cOnTeNt-LeNgTh: 2"), statuses: []int{200}},
		{name: "an unfinished escape", request: get("/v1/key/describe/%4"), statuses: []int{400}, differ: keepsOpen},
		{name: "an escape that is none", request: get("/v1/key/describe/%zz"), statuses: []int{400}, differ: keepsOpen},
		{name: "no host", request: "GET /version HTTP/1.1\r\n\r\n", statuses: []int{400}, closes: true},
		{name: "garbage", request: "garbage\r\n\r\n", statuses: []int{400}, closes: true},
		{name: "a version unknown", request: "GET /version HTTP/3.7\r\nHost: <host>\r\n\r\n", statuses: []int{505}, closes: true},
		{name: "a header without a colon", request: get("/version", "nonsense"), statuses: []int{400}, closes: true},
		{name: "a blank before the colon", request: get("/version", "X : y"), statuses: []int{400}, closes: true},
		{name: "two lengths", request: put(generate, `{}`, "Content-Length: 2", "Content-Length: 3"), statuses: []int{400}, closes: true},
		{name: "a length that is none", request: put(generate, `{}`, "Content-Length: two"), statuses: []int{400}, closes: true},
		{name: "a negative length", request: put(generate, `{}`, "Content-Length: -2"), statuses: []int{400}, closes: true},
		{name: "a length and chunks", request: put(generate, "2\r\n{}\r\n0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"),
			statuses: []int{400}, closes: true,
			differ: &rawDifference{[]int{200}, false, "two statements of the length are how requests are smuggled"}},
		{name: "another transfer encoding", request: put(generate, `{}`, "Transfer-Encoding: gzip"), statuses: []int{501}, closes: true},
		{name: "a chunk size that is none", request: put(generate, "zz\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
			statuses: []int{400}, closes: true},
		{name: "a header of 20 kB", request: get("/version", big), statuses: []int{431}, closes: true,
			differ: &rawDifference{[]int{200}, false, "ours bounds the headers of a stranger at 16 KiB, the Go server at 1 MiB"}},
	}
	harness.Both(t, func(t *testing.T, p harness.Program) {
		w := newWorld(t, p)
		for _, e := range table {
			t.Run(e.name, func(t *testing.T) {
				statuses, closes := e.statuses, e.closes
				if p.IsPeer() && e.differ != nil {
					statuses, closes = e.differ.goStatuses, e.differ.goCloses
				}
				got, closed := converse(t, w.server, w.identities["admin"], e.request, len(statuses))
				if fmt.Sprint(got) != fmt.Sprint(statuses) || closed != closes {
					t.Errorf("answered %v, closed %v; expected %v, closed %v", got, closed, statuses, closes)
				}
			})
		}
	})
}

// converse sends the text and reads up to n answers; closed says whether the server then ended the connection.
func converse(t *testing.T, s *harness.Server, id *harness.Identity, text string, n int) (statuses []int, closed bool) {
	t.Helper()
	config := s.TLS(id)
	config.NextProtos = []string{"http/1.1"}
	conn, err := tls.Dial("tcp", s.Addr, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.ReplaceAll(text, "<host>", s.Addr)); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	for range n {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return statuses, true
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatalf("cannot read a body: %v", err)
		}
		response.Body.Close()
		statuses = append(statuses, response.StatusCode)
	}
	// An open connection says nothing more: a short wait is enough, since closing follows the answer at once.
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err = reader.ReadByte()
	return statuses, err == io.EOF
}
