package harness

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"testing"

	"github.com/minio/kms-go/kes"
)

// Protocol is the version of HTTP a client insists on.
type Protocol string

// The protocols a server offers by ALPN.
const (
	H2 Protocol = "h2"
	H1 Protocol = "http1"
)

// Protocols runs a test over each version of HTTP.
func Protocols(t *testing.T, test func(t *testing.T, p Protocol)) {
	t.Helper()
	for _, p := range []Protocol{H2, H1} {
		t.Run(string(p), func(t *testing.T) { test(t, p) })
	}
}

// TLS is the client side of a connection as id, or as nobody if id is nil.
func (s *Server) TLS(id *Identity) *tls.Config {
	config := &tls.Config{RootCAs: s.Config.PKI.Roots, MinVersion: tls.VersionTLS12}
	if id != nil {
		config.Certificates = []tls.Certificate{id.Cert}
	}
	return config
}

// Always makes config send the certificates of id whatever authorities the server names; crypto/tls would else hold
// back those that none of them has issued.
func Always(config *tls.Config, id *Identity) *tls.Config {
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &id.Cert, nil }
	return config
}

// HTTP is a plain client speaking as id, or as nobody if id is nil. It does not follow redirects.
func (s *Server) HTTP(id *Identity, p Protocol) *http.Client {
	return s.HTTPWith(s.TLS(id), p)
}

// HTTPWith is a plain client with a TLS configuration of the test's own.
func (s *Server) HTTPWith(config *tls.Config, p Protocol) *http.Client {
	return &http.Client{
		Transport:     s.insistOn(p, transport(config, p)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// SDK is the real client library speaking as id. Over h2 it is set up by its own constructor and so has the transport
// that applications get; over http/1.1 its transport is replaced by one that knows no h2.
func (s *Server) SDK(id *Identity, p Protocol) *kes.Client {
	return s.SDKWith(s.TLS(id), p)
}

// SDKWith is the real client library with a TLS configuration of the test's own.
func (s *Server) SDKWith(config *tls.Config, p Protocol) *kes.Client {
	client := kes.NewClientWithConfig(s.URL, config)
	if p == H1 {
		client.HTTPClient.Transport = transport(config, H1)
	}
	client.HTTPClient.Transport = s.insistOn(p, client.HTTPClient.Transport)
	return client
}

// insistOn watches the protocol of a transport and remembers to close its connections when the server stops.
func (s *Server) insistOn(p Protocol, next http.RoundTripper) http.RoundTripper {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	i := insisting{next, p}
	s.clients = append(s.clients, i)
	return i
}

func transport(config *tls.Config, p Protocol) http.RoundTripper {
	t := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: p == H2}
	if p == H1 {
		t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return t
}

// insisting fails a request that was answered over another version of HTTP than the test is about.
type insisting struct {
	next     http.RoundTripper
	protocol Protocol
}

func (i insisting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := i.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if want := map[Protocol]int{H1: 1, H2: 2}[i.protocol]; response.ProtoMajor != want {
		response.Body.Close()
		return nil, fmt.Errorf("answered over %s, the test is about %s", response.Proto, i.protocol)
	}
	return response, nil
}

// CloseIdleConnections lets http.Client reach the transport underneath.
func (i insisting) CloseIdleConnections() {
	if c, ok := i.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
