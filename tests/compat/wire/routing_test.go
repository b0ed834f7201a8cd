package wire

import (
	"net/http"
	"testing"
)

func TestRoutesRedirectsAndMethods(t *testing.T) {
	redirect := func(location string) answer { return answer{status: http.StatusMovedPermanently, location: location} }
	// The Go server sends what the Go it was built with sends: 301 before 1.26, 307 since.
	differ := func(location string) *difference {
		old, recent := redirect(location), redirect(location)
		recent.status = http.StatusTemporaryRedirect
		recent.orElse = &old
		return &difference{recent, "301 is what all KES releases send and every client follows"}
	}
	wrongMethod := func(got, expected string) answer {
		a := failure(http.StatusMethodNotAllowed, "received method '"+got+"' expected '"+expected+"'")
		a.accept = expected
		return a
	}
	inWorlds(t, []exchange{
		{name: "an unknown path", target: "/nothing/here", want: notFoundPage},
		{name: "the root", target: "/", want: notFoundPage},
		{name: "an unknown path under a known one", target: "/v1/key/rename/app-aes", want: notFoundPage},
		{name: "an exact route with a slash behind it", target: "/v1/status/", want: notFoundPage},
		{name: "a route's prefix", target: "/v1/key", want: notFoundPage},
		{name: "an escaped slash in the route", target: "/v1%2Fstatus", want: notFoundPage},
		{name: "routes are case-sensitive", target: "/V1/status", want: notFoundPage},
		{name: "an unknown path for a stranger", as: "stranger", target: "/nothing", want: notFoundPage},
		{name: "an unknown path for a certificate authority", as: "authority", target: "/nothing", want: notFoundPage},
		{name: "an escaped letter in the route", target: "/v1/%73tatus", want: answer{status: http.StatusOK}},
		{name: "a query is ignored", target: "/v1/ready?enclave=x&y", want: success},

		{name: "listing without the slash", target: "/v1/key/list",
			want: redirect("/v1/key/list/"), differ: differ("/v1/key/list/")},
		{name: "listing without the slash keeps the query", target: "/v1/key/list?a=b",
			want: redirect("/v1/key/list/?a=b"), differ: differ("/v1/key/list/?a=b")},
		{name: "listing without the slash by any method", method: http.MethodPut, target: "/v1/key/list",
			want: redirect("/v1/key/list/"), differ: differ("/v1/key/list/")},
		{name: "listing without the slash for a stranger", as: "stranger", target: "/v1/key/list",
			want: redirect("/v1/key/list/"), differ: differ("/v1/key/list/")},
		{name: "describing without the slash", target: "/v1/key/describe",
			want: redirect("/v1/key/describe/"), differ: differ("/v1/key/describe/")},
		{name: "a double slash", target: "/v1//status", want: redirect("/v1/status"), differ: differ("/v1/status")},
		{name: "a dot", target: "/v1/./status", want: redirect("/v1/status"), differ: differ("/v1/status")},
		{name: "two dots", target: "/v1/key/../status", want: redirect("/v1/status"), differ: differ("/v1/status")},
		{name: "two dots above the root", target: "/../version", want: redirect("/version"), differ: differ("/version")},
		{name: "an unclean unknown path", target: "/x//y", want: redirect("/x/y"), differ: differ("/x/y")},

		{name: "POST for GET", method: http.MethodPost, target: "/version", want: wrongMethod("POST", "GET")},
		{name: "HEAD for GET", method: http.MethodHead, target: "/version",
			want: answer{status: http.StatusMethodNotAllowed, accept: "GET"}},
		{name: "GET for PUT", target: "/v1/key/create/app-x", want: wrongMethod("GET", "PUT")},
		{name: "DELETE for PUT", method: http.MethodDelete, target: "/v1/key/create/app-x", want: wrongMethod("DELETE", "PUT")},
		{name: "PUT for GET", method: http.MethodPut, target: "/v1/key/describe/app-aes", want: wrongMethod("PUT", "GET")},
		{name: "POST for DELETE", method: http.MethodPost, target: "/v1/key/delete/app-aes", want: wrongMethod("POST", "DELETE")},
		{name: "PATCH for PUT", method: http.MethodPatch, target: "/v1/key/hmac/app-aes", want: wrongMethod("PATCH", "PUT")},
		{name: "a method of the sender's own", method: "BREW", target: "/v1/status", want: wrongMethod("BREW", "GET")},
		{name: "OPTIONS is no exception", method: http.MethodOptions, target: "/v1/status", want: wrongMethod("OPTIONS", "GET")},
		{name: "the method is judged before the caller", as: "stranger", method: http.MethodPut, target: "/v1/status",
			want: wrongMethod("PUT", "GET")},
		{name: "the method is judged before the certificate", as: "authority", method: http.MethodPut, target: "/v1/status",
			want: wrongMethod("PUT", "GET")},
		{name: "POST is as good as PUT", method: http.MethodPost, target: "/v1/key/create/app-post", want: success},
		{name: "PUT", method: http.MethodPut, target: "/v1/key/create/app-put", want: success},
	})
}
