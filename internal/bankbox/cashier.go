package bankbox

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

//go:embed page
var pageFiles embed.FS

// cashierPolicy allows what the bank serves itself, and nothing inline.
const cashierPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// cashier is the page at which people pay, and the calls that its buttons make.
type cashier struct {
	gateway *gateway
	page    *template.Template
}

func newCashier(g *gateway) (*cashier, error) {
	page, err := template.ParseFS(pageFiles, "page/cashier.html")
	if err != nil {
		return nil, err
	}
	return &cashier{gateway: g, page: page}, nil
}

type cashierView struct {
	T         cashierText
	Found     bool
	State     string
	PaymentNo string
	Amount    string
	Subject   string
	PaidAt    string
	ReturnURL string
}

// getPage draws a payment as it stands now; one that is not there is a page that
// says so, with 404.
func (k *cashier) getPage(c *gin.Context) (int, any, error) {
	view := cashierView{T: textFor(c.Query("lang"), c.GetHeader("Accept-Language"))}
	status := http.StatusOK
	p, err := paymentBy(c.Request.Context(), k.gateway.store.reader, "payment_no", c.Param("payment_no"))
	switch {
	case err == nil:
		view.Found, view.State, view.PaymentNo = true, p.status, p.paymentNo
		view.Amount, view.Subject, view.ReturnURL = yuanGrouped(p.amountFen), p.subject, p.returnURL
		if p.paidAt.Valid {
			view.PaidAt = time.UnixMilli(p.paidAt.Int64).In(shanghai).Format(time.DateTime)
		}
	case isProblem(err):
		status = http.StatusNotFound
	default:
		return 0, nil, err
	}
	var html bytes.Buffer
	if err := k.page.Execute(&html, view); err != nil {
		return 0, nil, fmt.Errorf("draw cashier page: %w", err)
	}
	c.Header("Content-Security-Policy", cashierPolicy)
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "no-store")
	c.Header("Vary", "Accept-Language")
	return status, document{"text/html; charset=utf-8", html.Bytes()}, nil
}

// asset serves one of the page's own files.
func (k *cashier) asset(name, contentType string) gin.HandlerFunc {
	return func(c *gin.Context) {
		raw, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			writeProblem(c, notFound("file"))
			return
		}
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, contentType, raw)
	}
}

type cashierAnswer struct {
	PaymentNo string `json:"payment_no"`
	Status    string `json:"status"`
}

// end is the call behind a button: it concludes the payment with status.
func (k *cashier) end(status string) answerer {
	return func(c *gin.Context) (int, any, error) {
		p, err := k.gateway.conclude(c.Request.Context(), c.Param("payment_no"), status)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, cashierAnswer{PaymentNo: p.paymentNo, Status: p.status}, nil
	}
}
