package server

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/follow"
	"yinbo/card/funnel"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/keeping"
	"yinbo/internal/obs"
	"yinbo/internal/pii"
	"yinbo/internal/savedview"
	"yinbo/internal/setting"
	"yinbo/internal/tenant"
	"yinbo/internal/tracing"
	"yinbo/live"
	"yinbo/live/hub"
	"yinbo/live/play"
	"yinbo/live/rundown"
	"yinbo/live/video"
	"yinbo/order"
	"yinbo/order/addressbook"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
	"yinbo/order/desk"
	"yinbo/order/flash"
	"yinbo/order/ledger"
	"yinbo/order/payment"
	"yinbo/order/promo"
	"yinbo/order/report"
	"yinbo/order/settle"
	"yinbo/order/terms"
	"yinbo/order/voucher"
)

// Deps are what the server serves; cmd/yinbo wires them.
type Deps struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Tracing *tracing.Tracing
	Auth    *auth.Service
	Banks   *tenant.Directory
	Keys    *pii.Keyring
	Apps    fs.FS // web/dist; nil when it was not built
	Sandbox bool  // the database holds demo data, and the apps say so
	Ready   func(ctx context.Context) map[string]error

	// The domains; each has its routes in a file of its own.
	Catalog  *catalog.Catalog
	Imports  *bulk.Imports
	Flash    *flash.Sales
	Orders   *order.Orders
	Coupons  *promo.Coupons
	Payments *payment.Payments
	Vouchers *voucher.Vouchers
	Ledger   *ledger.Book
	Settle   *settle.Desk
	Terms    *terms.Book
	Reports  *report.Reports

	OrderDesk *desk.Desk
	Addresses *addressbook.Book

	DB           *db.DB // the audit log is read as it stands
	Applications *card.Applications
	Leads        *review.Leads
	Comparer     *review.Comparer
	Outcomes     *review.Outcomes
	Bindings     *bind.Bindings
	Screens      *screen.Screens
	Keeper       *keeping.Keeper
	Settings     *setting.Desk
	Views        *savedview.Views
	FollowUps    *follow.FollowUps
	Replies      *follow.Replies
	Funnel       *funnel.Funnel
	Touches      *funnel.Touches

	Rooms    *live.Rooms
	Games    *play.Games
	Rundowns *rundown.Rundowns
	Hub      *hub.Hub
	Video    *video.Video
}

// Server answers HTTP.
type Server struct {
	Deps
	log              *slog.Logger
	engine           *gin.Engine
	api              huma.API
	metrics          *metrics
	pressSchema      *huma.Schema // of a flash order's body
	rendered         rendered
	otpByAddress     *limiter
	touchesByAddress *limiter
	csp              string
	packed           packed
	replays          chan struct{} // a place for each replay under way
	draining         chan struct{} // closed when the node goes
	seated           atomic.Int64  // presses under way on their connections' goroutines
	parked           lot
}

// New makes the server with all its routes.
func New(d Deps) *Server {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	s := &Server{Deps: d, log: d.Log, engine: engine, metrics: newMetrics(d.Metrics),
		otpByAddress: newLimiter(5000, time.Hour), touchesByAddress: newLimiter(20_000, time.Hour), csp: csp, replays: make(chan struct{}, maxReplays), draining: make(chan struct{})}
	if s.Video != nil {
		s.csp = policy(s.Video.External.Origin())
	}
	engine.Use(s.name, s.catch, headers, s.press)
	s.api = newAPI(engine)
	s.signinRoutes()
	s.roomRoutes()
	s.hostRoutes()
	s.shelfRoutes()
	s.playRoutes()
	s.packetRoutes()
	s.rundownRoutes()
	s.videoRoutes()
	s.noticeRoutes()
	s.moderationRoutes()
	s.wordRoutes()
	s.crewRoutes()
	s.reservationRoutes()
	s.followRoutes()
	s.roomLogRoutes()
	s.complianceRoutes()
	s.healthRoutes()
	s.catalogueRoutes()
	s.branchRoutes()
	s.outletRoutes()
	s.bankRoutes()
	s.shopRoutes()
	s.flashRoutes()
	s.orderRoutes()
	s.addressRoutes()
	s.privacyRoutes()
	s.voucherRoutes()
	s.shopOrderRoutes()
	s.couponRoutes()
	s.batchRoutes()
	s.paymentRoutes()
	s.financeRoutes()
	s.applicationRoutes()
	s.intakeRoutes()
	s.cardRoutes()
	s.leadRoutes()
	s.screeningRoutes()
	s.journeyRoutes()
	s.accountRoutes()
	s.staffRoutes()
	s.auditRoutes()
	s.holdRoutes()
	s.settingRoutes()
	s.viewRoutes()
	s.funnelRoutes()
	s.docsRoutes()
	s.appRoutes()
	engine.NoMethod(func(c *gin.Context) { s.refuse(c, fault.New(fault.NotFound, "not_found")) })
	return s
}

// Handler is what a listener serves.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead { // as GET; the connection leaves the body out
			get := r.Clone(r.Context())
			get.Method = http.MethodGet
			r = get
		}
		s.engine.ServeHTTP(w, r)
	})
}

// Drain ends the answers that have no end of their own; once.
func (s *Server) Drain() { close(s.draining) }

// OpenAPI is the document that the routes' types make.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

func remoteIP(ctx context.Context) string { return obs.RequestOf(ctx).IP }

func requestID(ctx context.Context) string { return obs.RequestOf(ctx).ID }
