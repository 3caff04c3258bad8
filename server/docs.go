package server

import (
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"yinbo/internal/fault"
)

// docsRoutes show the API's documents from this binary: Swagger UI where the web
// was built, else a plain list, and what each problem's code means.
func (s *Server) docsRoutes() {
	s.engine.GET("/docs", func(c *gin.Context) {
		s.pageHeaders(c)
		page := s.plainDocs()
		if s.Apps != nil {
			if _, err := fs.Stat(s.Apps, "docs-ui/swagger-ui-bundle.js"); err == nil {
				page = swaggerPage
			}
		}
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(page))
	})
	s.engine.GET("/docs/start.js", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/javascript; charset=utf-8", []byte(
			`SwaggerUIBundle({url: "/api/v1/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null});`))
	})
	s.engine.GET("/docs/problems", func(c *gin.Context) {
		s.pageHeaders(c)
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(problemsPage(fault.Language(c.GetHeader("Accept-Language")))))
	})
}

const swaggerPage = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Yinbo 银播 API</title><link rel="stylesheet" href="/docs-ui/swagger-ui.css"><body><div id="docs"></div>
<script src="/docs-ui/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>`

const docsHead = `<!doctype html><html lang="%s"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%s</title>
<style>body{font:16px/1.6 system-ui;max-width:60em;margin:2em auto;padding:0 1em}td{padding:.3em 1em .3em 0;vertical-align:top}</style><h1>%[2]s</h1>`

func (s *Server) plainDocs() string {
	var b strings.Builder
	fmt.Fprintf(&b, docsHead, "en", "Yinbo 银播 API")
	b.WriteString(`<p>The OpenAPI document: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>. Problems: <a href="/docs/problems">/docs/problems</a>.</p><table>`)
	paths := s.OpenAPI().Paths
	names := make([]string, 0, len(paths))
	for p := range paths {
		names = append(names, p)
	}
	slices.Sort(names)
	for _, p := range names {
		for method, op := range operations(paths[p]) {
			fmt.Fprintf(&b, "<tr><td>%s</td><td><code>/api/v1%s</code></td><td>%s</td></tr>", method, html.EscapeString(p), html.EscapeString(op.Summary))
		}
	}
	b.WriteString("</table>")
	return b.String()
}

func problemsPage(l fault.Lang) string {
	var b strings.Builder
	title := "错误代码"
	if l == fault.English {
		title = "Problems by code"
	}
	fmt.Fprintf(&b, docsHead, l, title)
	b.WriteString("<table>")
	for _, code := range fault.Codes() {
		fmt.Fprintf(&b, `<tr id="%s"><td><code>%[1]s</code></td><td>%s</td></tr>`, html.EscapeString(code), html.EscapeString(fault.Text(l, code)))
	}
	b.WriteString("</table>")
	return b.String()
}
