package server

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// healthRoutes are for machines that watch this node: alive, and ready to serve.
func (s *Server) healthRoutes() {
	s.engine.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) })
	s.engine.GET("/readyz", func(c *gin.Context) {
		missing := gin.H{}
		for what, err := range s.Ready(c.Request.Context()) {
			if err != nil {
				missing[what] = err.Error()
			}
		}
		if len(missing) > 0 {
			c.Header("Retry-After", "1")
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "not ready", "missing": missing})
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ready"})
	})
}
