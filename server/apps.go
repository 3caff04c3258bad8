package server

import (
	"bytes"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"yinbo/internal/fault"
)

const csp = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; " +
	"media-src 'self' blob: https:; worker-src 'self' blob:; connect-src 'self' ws: wss:; frame-ancestors 'self'; " +
	"base-uri 'none'; object-src 'none'"

// appRoutes serve the three web apps: a file where there is one, else the page
// of the app whose part of the address space it is (they route by themselves).
func (s *Server) appRoutes() {
	s.engine.NoRoute(func(c *gin.Context) {
		p := path.Clean(c.Request.URL.Path)
		reading := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
		if !reading || strings.HasPrefix(p, "/api/") || p == "/api" || strings.HasPrefix(p, "/media/") {
			s.refuse(c, fault.New(fault.NotFound, "not_found"))
			return
		}
		if p == "/host" || p == "/desk" {
			if !strings.HasSuffix(c.Request.URL.Path, "/") {
				c.Redirect(http.StatusFound, p+"/")
				return
			}
		}
		s.serveApp(c, strings.TrimPrefix(p, "/"))
	})
}

func (s *Server) serveApp(c *gin.Context, name string) {
	if s.Apps == nil {
		s.notBuilt(c)
		return
	}
	if f, err := fs.Stat(s.Apps, name); name != "" && err == nil && !f.IsDir() {
		if strings.HasPrefix(name, "assets/") { // named by content
			c.Header("Cache-Control", "public, max-age=31536000, immutable")
		}
		s.pageHeaders(c)
		if s.servePacked(c, name) {
			return
		}
		http.ServeFileFS(c.Writer, c.Request, s.Apps, name)
		return
	}
	if path.Ext(name) != "" {
		s.refuse(c, fault.New(fault.NotFound, "not_found"))
		return
	}
	page := "index.html"
	if app, _, _ := strings.Cut(name, "/"); app == "host" || app == "desk" {
		page = app + "/index.html"
	}
	html, err := fs.ReadFile(s.Apps, page)
	if err != nil {
		s.notBuilt(c)
		return
	}
	if s.Sandbox { // the page knows before it paints: its banner moves nothing
		html = bytes.Replace(html, []byte("<html "), []byte("<html data-sandbox "), 1)
	}
	s.pageHeaders(c)
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/html; charset=utf-8", html)
}

// pageHeaders let pages to this server only, and to the external video server.
func (s *Server) pageHeaders(c *gin.Context) { c.Header("Content-Security-Policy", s.csp) }

func policy(videoOrigin string) string {
	return strings.NewReplacer("connect-src 'self'", strings.TrimSpace("connect-src 'self' "+videoOrigin),
		"media-src 'self'", strings.TrimSpace("media-src 'self' "+videoOrigin)).Replace(csp)
}

// notBuilt says so instead of an empty page: Go builds and tests without Node.
func (s *Server) notBuilt(c *gin.Context) {
	s.pageHeaders(c)
	c.Data(http.StatusServiceUnavailable, "text/html; charset=utf-8", []byte(`<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Yinbo 银播</title><body style="font-family:system-ui;max-width:40em;margin:4em auto;padding:0 1em">
<h1>网页应用尚未构建</h1><p>请在项目目录运行 <code>make run</code>，它会构建并启动全部应用。接口文档在 <a href="/docs">/docs</a>。</p>
<h2 lang="en">The web apps have not been built</h2><p lang="en">Run <code>make run</code> in the project's folder; it builds and starts everything. The API's documents are at <a href="/docs">/docs</a>.</p>`))
}
