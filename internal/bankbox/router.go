package bankbox

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// newRouter wires the bank's parts to their routes.
func newRouter(cfg Config, s *Server, faults *faultBoard) (http.Handler, error) {
	g := &gateway{
		store: s.store, courier: s.courier, faults: faults, now: cfg.Now,
		publicURL: strings.TrimRight(cfg.PublicURL, "/"),
	}
	desk, err := newCashier(g)
	if err != nil {
		return nil, err
	}
	bind := &binder{store: s.store, faults: faults, now: cfg.Now, key: cfg.CallbackKey, hang: cfg.TimeoutHang}
	box := &smsBox{store: s.store, courier: s.courier, faults: faults, now: cfg.Now}
	call := func(fn answerer) gin.HandlerFunc { return answer(cfg.Logger, fn) }

	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, cause any) {
		cfg.Logger.Error("call panicked", "route", c.FullPath(), "cause", cause)
		writeProblem(c, problem(http.StatusInternalServerError, "internal", "the bank could not do this now"))
	}), requestID)
	r.NoRoute(func(c *gin.Context) { writeProblem(c, notFound("address")) })
	r.NoMethod(func(c *gin.Context) {
		writeProblem(c, problem(http.StatusMethodNotAllowed, "method_not_allowed", "this address takes other methods"))
	})

	// What people and tests look at, and the switchboard itself, have no faults.
	r.GET("/healthz", func(c *gin.Context) { c.PureJSON(http.StatusOK, gin.H{"status": "ok"}) })
	r.GET("/faults", call(faults.get))
	r.PUT("/faults", call(faults.put))
	r.GET("/sms/v1/messages", call(box.list))
	r.GET("/pay/cashier.css", desk.asset("cashier.css", "text/css; charset=utf-8"))
	r.GET("/pay/cashier.js", desk.asset("cashier.js", "text/javascript; charset=utf-8"))
	r.GET("/pay/cashier/:payment_no", call(desk.getPage))

	api := r.Group("/", faults.middleware)
	api.POST("/pay/cashier/:payment_no/pay", call(desk.end(statusSucceeded)))
	api.POST("/pay/cashier/:payment_no/fail", call(desk.end(statusFailed)))
	api.POST("/pay/v1/payments", call(g.postPayment))
	api.GET("/pay/v1/payments/:out_trade_no", call(g.getPayment))
	api.POST("/pay/v1/refunds", call(g.postRefund))
	api.GET("/pay/v1/refunds/:out_refund_no", call(g.getRefund))
	api.POST("/payout/v1/payouts", call(g.postPayout))
	api.GET("/payout/v1/payouts/:out_payout_no", call(g.getPayout))
	api.GET("/pay/v1/statements/:file", call(g.getStatement))
	api.POST("/bind/v1/verifications", call(bind.postVerification))
	api.POST("/bind/v1/verifications/:id/confirm", call(bind.postConfirm))
	api.POST("/bind/v1/charges", call(g.postCharge))
	api.DELETE("/bind/v1/tokens/:card_token", call(bind.deleteToken))
	api.POST("/sms/v1/messages", call(box.post))
	api.POST("/sms/v1/replies", call(box.reply))
	api.POST("/core/v1/applications", call(s.core.postApplication))
	api.GET("/core/v1/applications", call(s.core.listApplications))
	api.GET("/core/v1/applications/:application_id", call(s.core.getApplication))
	api.POST("/sandbox/v1/payments", call(g.postHistory))
	return r, nil
}

// requestID gives back the caller's own request id, or a new one.
func requestID(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !reference.MatchString(id) {
		id = "bank_" + randomHex(8)
	}
	c.Header("X-Request-Id", id)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Next()
}
