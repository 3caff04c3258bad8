package video

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// relayed marks a request that another node passed on: it goes no further.
const relayed = "X-Yinbo-Relayed"

type nodeKey struct{}

// newRelay passes requests on to the node that the request's context names, as
// nodes wrote it into room_ingest themselves. Signatures are checked there again.
func newRelay(t http.RoundTripper) http.Handler {
	if t == nil {
		t = &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 5 * time.Second}
	}
	return &httputil.ReverseProxy{Transport: t,
		Rewrite: func(r *httputil.ProxyRequest) {
			if node, err := url.Parse(r.In.Context().Value(nodeKey{}).(string)); err == nil {
				r.SetURL(node)
			}
			r.Out.Header = http.Header{relayed: {"1"}, "Accept": r.In.Header["Accept"], "Range": r.In.Header["Range"]}
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Access-Control-Allow-Origin") // ours stands already
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway)
		},
	}
}
