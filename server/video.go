package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/live/video"
)

type ingestKindIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Kind video.Kind `json:"kind" enum:"rtmp,external"`
	}
}

type streamKey struct {
	Key string `json:"key" doc:"The stream key, for the encoder's field beside the push address"`
}

type recordingIn struct {
	ID    string `path:"id" maxLength:"60"`
	SKUID string `query:"sku_id" maxLength:"60" doc:"Slices of one SKU only"`
}

type recutIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Version int64       `json:"version" minimum:"0" doc:"Of the slices that were edited"`
		Items   []video.Cut `json:"items" nullable:"false" maxItems:"500" doc:"All slices, in order; none takes them all away"`
	}
}

type uncutIn struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Version int64 `json:"version" minimum:"0" doc:"Of the slices as they were shown"`
	}
}

type hookIn struct {
	Server  string `path:"server" maxLength:"20" doc:"srs, nginx-rtmp, mediamtx or tencent"`
	RawBody []byte
}

type aliyunHookIn struct {
	Action string `query:"action" maxLength:"40" doc:"publish or publish_done"`
	Stream string `query:"id" maxLength:"60" doc:"The stream's name: the room"`
	Args   string `query:"usrargs" maxLength:"2000" doc:"The push's own arguments, the room's key among them"`
}

// hookOut is what SRS takes for yes; the others look at the status only.
type hookOut struct {
	Code int `json:"code" enum:"0"`
}

func videoStaff(ctx context.Context) (bank string, by video.Staff) {
	p := auth.From(ctx)
	return p.Bank.ID, video.Staff{ID: p.ID, Operator: p.Has(auth.Operator), RequestID: requestID(ctx)}
}

// videoRoutes are a room's source, its playback and its replay.
func (s *Server) videoRoutes() {
	hosts := staff(auth.Host, auth.Operator).byBranch()
	route(s, http.MethodGet, "/host/rooms/{id}/ingest", hosts, "The room's video source", func(ctx context.Context, in *idIn) (*body[video.Ingest], error) {
		bank, by := videoStaff(ctx)
		return answered(s.Video.Ingest(ctx, bank, in.ID, by))
	})
	route(s, http.MethodPut, "/host/rooms/{id}/ingest", hosts, "Change where the room's video comes from", func(ctx context.Context, in *ingestKindIn) (*body[video.Ingest], error) {
		bank, by := videoStaff(ctx)
		return answered(s.Video.SetKind(ctx, bank, in.ID, by, in.Body.Kind))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/ingest/key", hosts, "Show the stream key (audited)", func(ctx context.Context, in *idIn) (*body[streamKey], error) {
		bank, by := videoStaff(ctx)
		key, err := s.Video.Key(ctx, bank, in.ID, by)
		return answered(streamKey{key}, err)
	})
	route(s, http.MethodPost, "/host/rooms/{id}/ingest/renew", hosts, "Make another stream key; the present push is cut", func(ctx context.Context, in *idIn) (*body[streamKey], error) {
		bank, by := videoStaff(ctx)
		key, err := s.Video.Renew(ctx, bank, in.ID, by)
		return answered(streamKey{key}, err)
	})
	route(s, http.MethodGet, "/rooms/{id}/replay", public, "What was recorded of a room, and its slices by product", func(ctx context.Context, in *recordingIn) (*body[video.Replay], error) {
		return answered(s.Video.Replay(ctx, auth.From(ctx).Bank.ID, in.ID, in.SKUID))
	})
	route(s, http.MethodPut, "/host/rooms/{id}/slices", hosts, "Cut an ended room's recording by hand", func(ctx context.Context, in *recutIn) (*body[video.Replay], error) {
		bank, by := videoStaff(ctx)
		return answered(s.Video.Recut(ctx, bank, in.ID, by, in.Body.Version, in.Body.Items))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/slices/reset", hosts, "Cut the recording by what was pinned when again", func(ctx context.Context, in *uncutIn) (*body[video.Replay], error) {
		bank, by := videoStaff(ctx)
		return answered(s.Video.Uncut(ctx, bank, in.ID, by, in.Body.Version))
	})
	route(s, http.MethodPost, "/callbacks/video/{server}", callback, "An external video server reports a push", func(ctx context.Context, in *hookIn) (*body[hookOut], error) {
		h, err := video.ReadHook(in.Server, in.RawBody)
		if err != nil {
			return nil, err
		}
		return answered(hookOut{}, s.Video.Hooked(ctx, h))
	}, rawBody("application/json", "application/x-www-form-urlencoded"))
	route(s, http.MethodGet, "/callbacks/video/aliyun", callback, "ApsaraVideo Live reports a push, by GET", func(ctx context.Context, in *aliyunHookIn) (*body[hookOut], error) {
		h, err := video.AliyunHook(in.Action, in.Stream, in.Args)
		if err != nil {
			return nil, err
		}
		return answered(hookOut{}, s.Video.Hooked(ctx, h))
	})
	s.engine.GET(strings.TrimSuffix(video.Prefix, "/")+"/*file", gin.WrapH(video.Clip(clock.System{})))
	s.engine.GET(video.Root+"*file", func(c *gin.Context) { s.Video.ServeHTTP(c.Writer, c.Request) })
}
