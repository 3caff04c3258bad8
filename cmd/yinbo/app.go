package main

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/follow"
	"yinbo/card/funnel"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/idem"
	"yinbo/internal/keeping"
	"yinbo/internal/obs"
	"yinbo/internal/reach"
	"yinbo/internal/redisdb"
	"yinbo/internal/savedview"
	"yinbo/internal/setting"
	"yinbo/internal/wechatpay"
	"yinbo/jobs"
	"yinbo/live"
	"yinbo/live/bus"
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
	"yinbo/server"
	"yinbo/web"
)

// app is every service, wired. This file is the one place where that happens.
type app struct {
	core    *core
	roles   roles
	metrics *prometheus.Registry

	bank       *gateway.Client
	wechat     *wechatpay.Client // nil when it is off
	redis      redis.UniversalClient
	closeRedis func()

	people   *auth.Service
	bus      bus.Bus
	hub      *hub.Hub
	rooms    *live.Rooms
	games    *play.Games
	video    *video.Video // nil where nothing is served
	sales    *flash.Sales
	orders   *order.Orders
	coupons  *promo.Coupons
	payments *payment.Payments
	book     *ledger.Book
	reports  *report.Reports
	desk     *settle.Desk
	leads    *review.Leads
	comparer *review.Comparer
	imports  *bulk.Imports
	keeper   *keeping.Keeper
	touches  *funnel.Touches
	server   *server.Server
	worker   *jobs.Worker
	purges   []func(context.Context) error // what housekeeping calls

	stopping atomic.Bool
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// wire makes the services; nothing runs yet.
func wire(ctx context.Context, c *core, r roles) (*app, error) {
	key, err := c.callbackKey()
	if err != nil {
		return nil, err
	}
	a := &app{core: c, roles: r, metrics: obs.NewRegistry(), bank: gateway.New(c.cfg.BankboxURL, c.cfg.PublicURL)}
	if a.redis, a.closeRedis, err = redisdb.Open(ctx, string(c.cfg.RedisURL)); err != nil {
		return nil, err
	}
	if a.people, err = auth.New(ctx, c.db, c.keys, c.banks, a.bank); err != nil {
		a.closeRedis()
		return nil, err
	}
	gateways := map[payment.Channel]payment.Gateway{payment.Bankbox: a.bank}
	if wechat := c.cfg.WeChatPay(); !wechat.Off() {
		if a.wechat, err = wechatpay.New(ctx, wechat, c.cfg.PublicURL); err != nil {
			a.closeRedis()
			return nil, err
		}
		gateways[payment.WeChatPay] = a.wechat
	}
	keeper := idem.NewKeeper(c.db)

	// Rooms show goods and figures, and the goods' side announces in rooms: the
	// rooms come first, and learn of the others when those are made.
	goods, figures := &roomGoods{}, &roomFigures{}
	var admission flash.Admission = flash.NewMemory()
	a.bus = bus.NewMemory()
	if !c.cfg.Embedded() {
		if admission, err = flash.NewRedis(a.redis); err != nil {
			a.closeRedis()
			return nil, err
		}
		a.bus = bus.OnRedis(a.redis, c.log)
	}
	addresses, err := c.addresses(ctx)
	if err != nil {
		a.closeRedis()
		return nil, err
	}
	a.rooms = live.New(live.Deps{DB: c.db, Box: c.box, Bus: a.bus, Goods: goods, Figures: figures, Video: addresses, Scopes: c.banks, Log: c.log})
	a.hub = hub.New(hub.Deps{Rooms: a.rooms, Bus: a.bus, Tokens: a.people, Log: c.log, Config: sockets(c.cfg)})
	a.metrics.MustRegister(hubFigures{a.hub})

	shop := catalog.New(c.db)
	a.orders = order.New(order.Deps{DB: c.db, Box: c.box, Keeper: keeper, Keyring: c.keys,
		Rooms: a.rooms, Announcer: a.rooms, TTL: c.cfg.OrderTTL})
	a.sales = flash.New(flash.Deps{DB: c.db, Box: c.box, Keeper: keeper, Keyring: c.keys,
		Admission: admission, Rooms: a.rooms, Announcer: a.rooms, TTL: c.cfg.OrderTTL, Batch: c.cfg.FlashBatch})
	a.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yinbo_flash_waiting", Help: "Buyers who wait for their commit on this node."},
		func() float64 { return float64(a.sales.Waiting()) }))
	vouchers := voucher.New(voucher.Deps{DB: c.db, Box: c.box, Keeper: keeper, Keyring: c.keys, Orders: a.orders})
	a.coupons = promo.New(promo.Deps{DB: c.db, Box: c.box, Keeper: keeper, Rooms: a.rooms, Banks: c.banks, Announcer: a.rooms})
	a.orders.Units, a.orders.Vouchers, a.orders.Coupons = a.sales, vouchers, a.coupons
	a.games = play.New(play.Deps{DB: c.db, Box: c.box, Keeper: keeper, Keys: c.keys, Rooms: a.rooms, Banks: c.banks,
		Coupons: a.coupons, Buyers: a.orders, Log: c.log})
	rundowns := rundown.New(rundown.Deps{DB: c.db, Box: c.box, Rooms: a.rooms, Games: a.games, Trade: &cueTrade{a.sales, a.coupons}})

	book := &card.Book{DB: c.db, Keys: c.keys, Box: c.box, Push: a.rooms}
	screens := screen.New(book)
	book.Screens = screens
	followUps := follow.New(book)
	book.Journeys = followUps
	bindings := bind.New(book, keeper, a.bank)
	applications := card.New(book, keeper, a.people, a.rooms, c.banks)
	leads := review.New(book, a.people, c.banks)
	a.leads, a.comparer = leads, &review.Comparer{Leads: leads, Core: a.bank}
	outcomes := review.NewOutcomes(book, keeper, c.banks, bindings, key)

	a.book, a.reports = ledger.New(c.db), report.New(c.db)
	a.payments = payment.New(payment.Deps{DB: c.db, Box: c.box, Keeper: keeper, Orders: a.orders, Book: a.book,
		Gateways: gateways, Charger: a.bank, Cards: bindings, Discounts: a.coupons, Banks: c.banks, CallbackKey: key})
	a.orders.Tills = a.payments
	a.desk = settle.New(c.db, a.book, c.box, c.banks, a.bank)
	contracts := terms.New(c.db, c.keys)
	a.desk.Repairs, a.desk.Payer, a.desk.Payees = a.payments, a.bank, contracts
	if a.wechat != nil {
		a.desk.AddWeChatPay(a.wechat)
	}
	a.imports = bulk.New(c.db, c.box, keeper, catalog.ProductLines, a.orders.ShipmentImport(c.banks), a.orders.CompletionImport())
	goods.shop, goods.sales = shop, a.sales
	figures.shop = shop
	figures.orders, figures.sales, figures.coupons, figures.applications = a.orders, a.sales, a.coupons, applications

	a.keeper = c.keeper(personal{people: a.people, book: book, bindings: bindings, followUps: followUps, orders: a.orders, rooms: a.rooms})
	a.purges = []func(context.Context) error{a.people.Purge, c.box.Purge, bindings.Purge, screens.Purge, screens.SealFormer, a.imports.Purge, a.desk.Purge, reach.Purge(c.db)}

	if r.serve {
		a.touches = &funnel.Touches{DB: c.db, Rooms: a.rooms, Log: c.log}
		a.video = video.New(video.Deps{Config: c.videoConfig(), DB: c.db, Keys: c.keys, Rooms: a.rooms, Addresses: addresses, Log: c.log})
		a.server = server.New(server.Deps{Log: c.log, Metrics: a.metrics, Tracing: c.trace, Auth: a.people, Banks: c.banks, Keys: c.keys,
			Apps: web.Apps(), Sandbox: c.demo, Ready: a.ready, Catalog: shop, Imports: a.imports, Flash: a.sales, Orders: a.orders, Coupons: a.coupons, Payments: a.payments,
			Ledger: a.book, Settle: a.desk, Terms: contracts, Reports: a.reports, DB: c.db, Applications: applications, Leads: leads, Comparer: a.comparer, Outcomes: outcomes, Screens: screens,
			Bindings: bindings, FollowUps: followUps, Replies: follow.NewReplies(followUps, c.banks, keeper, key), Keeper: a.keeper, Settings: &setting.Desk{DB: c.db, Classes: a.keeper.Classes}, Views: &savedview.Views{DB: c.db}, Touches: a.touches,
			Funnel: &funnel.Funnel{DB: c.db, Rooms: cardAudiences{a.rooms}, Spending: a.payments}, Games: a.games, Rundowns: rundowns, Rooms: a.rooms, Hub: a.hub, Video: a.video, Vouchers: vouchers, Addresses: addressbook.New(c.db, c.keys),
			OrderDesk: desk.New(desk.Deps{DB: c.db, Keyring: c.keys, Payments: a.payments, Vouchers: vouchers, Names: a.people})})
	}
	if r.work {
		reminders := &live.Reminders{DB: c.db, Box: c.box, Banks: c.banks, Phones: a.people, SMS: a.bank.Reporting(), Inbox: followUps}
		handlers := map[string]jobs.Handler{
			order.SweepTask:    a.orders.HandleSweep,
			order.ExpireTask:   a.orders.HandleExpire,
			order.CompleteTask: a.orders.HandleComplete,
			voucher.ExpireTask: vouchers.HandleExpire,
			flash.StartTask:    a.sales.HandleStart,
			flash.EndTask:      a.sales.HandleEnd,
			payment.QueryTask:  a.payments.HandleQuery,
			payment.SendTask:   a.payments.HandleSend,
			card.TaskBound:     a.coupons.HandleBound,
			card.TaskApproved:  a.coupons.HandleApproved,
			promo.SpentTask:    a.coupons.HandleSpent,
			promo.ExpireTask:   a.coupons.HandleExpire,
			promo.DropTask:     a.coupons.HandleDrop,
			promo.PacketTask:   a.coupons.HandlePacket,
			play.DrawTask:      a.games.HandleDraw,
			play.GrantTask:     a.games.HandleGrant,
			play.PollTask:      a.games.HandlePoll,
			rundown.ClockTask:  rundowns.HandleClock,
			bulk.RunTask:       a.imports.HandleRun,
			screen.RunTask:     screens.HandleRun,
			card.TaskNotice:    (&card.Notices{Book: book, Banks: c.banks, SMS: a.bank}).Send,
			review.TaskPromise: leads.HandlePromise,
			review.TaskSpread:  leads.HandleSpread,
			review.TaskCompare: a.comparer.HandleCompare,
			review.TaskHandoff: (&review.Handoff{Book: book, Core: a.bank}).Send,
			follow.TaskSend:    follow.NewSender(book, c.banks, bindings, a.payments, a.bank.Reporting()).Send,
			live.TaskStarted:   reminders.Spread,
			live.TaskRemind:    reminders.Remind,
			taskHousekeeping:   a.keepHouse,
			taskPages:          a.turnPages,
			keeping.Task:       a.keeper.Work,
		}
		for kind, h := range a.desk.Handlers() {
			handlers[kind] = h
		}
		a.worker = jobs.New(jobs.Config{Concurrency: c.cfg.Workers, Tracing: c.trace}, c.box, a.redis, c.log, maps.Clone(handlers))
	}
	return a, nil
}

// start sets everything running that runs by itself.
func (a *app) start(ctx context.Context) error {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel = cancel
	a.background(run, "flash", a.sales.Run)
	if a.video != nil {
		a.background(run, "video", a.video.Run)
	}
	if a.touches != nil {
		a.background(run, "touches", a.touches.Run)
	}
	if a.worker == nil {
		return nil
	}
	if err := a.scheduleRecurring(ctx); err != nil {
		return err
	}
	return a.worker.Start()
}

func (a *app) background(ctx context.Context, name string, run func(context.Context) error) {
	a.running.Go(func() {
		if err := run(ctx); err != nil && ctx.Err() == nil {
			a.core.log.ErrorContext(ctx, "background work ended", "part", name, "error", err)
		}
	})
}

// scheduleRecurring makes sure that what recurs is written.
func (a *app) scheduleRecurring(ctx context.Context) error {
	banks, err := a.core.banks.All(ctx)
	if err != nil {
		return err
	}
	return a.core.db.InTx(ctx, func(tx *db.Tx) error {
		for _, b := range banks {
			if err := a.desk.ScheduleNightly(ctx, tx, b); err != nil {
				return err
			}
			if err := a.leads.ScheduleSpread(ctx, tx, b); err != nil {
				return err
			}
			if err := a.comparer.ScheduleCompare(ctx, tx, b); err != nil {
				return err
			}
		}
		if err := a.orders.ScheduleSweep(ctx, tx); err != nil {
			return err
		}
		if err := a.coupons.ScheduleExpiry(ctx, tx); err != nil {
			return err
		}
		if err := keeping.Schedule(ctx, tx, a.core.box); err != nil {
			return err
		}
		if err := a.core.box.Recurring(ctx, tx, ledgerPages, pagesTask); err != nil {
			return err
		}
		return a.core.box.Recurring(ctx, tx, housekeeping, housekeepingTask)
	})
}

// ready names what keeps the node from serving.
func (a *app) ready(ctx context.Context) map[string]error {
	missing := map[string]error{"database": a.core.db.Ping(ctx), "redis": a.redis.Ping(ctx).Err()}
	if a.stopping.Load() {
		missing["node"] = errors.New("stopping")
	}
	return missing
}

// drain tells viewers to come back elsewhere and lets buyers have their answers.
func (a *app) drain(ctx context.Context) {
	a.server.Drain()
	a.hub.Drain(ctx)
	if err := a.sales.Close(ctx); err != nil {
		a.core.log.WarnContext(ctx, "buyers left without an answer", "error", err)
	}
}

// close stops what runs and lets go of what was opened.
func (a *app) close() error {
	if a.worker != nil {
		a.worker.Stop()
	}
	if a.cancel != nil {
		a.cancel()
	}
	if a.video != nil {
		a.video.Close()
	}
	a.running.Wait()
	a.hub.Close()
	a.games.Close()
	err := a.bus.Close()
	a.closeRedis()
	a.bank.Close()
	if a.wechat != nil {
		a.wechat.Close()
	}
	return err
}
