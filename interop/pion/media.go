package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/h264reader"
	"github.com/pion/webrtc/v4/pkg/media/h265reader"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"
)

// clockRates of what is not found by its name alone.
var clockRates = map[string]uint32{"audio/g722": 8000, "audio/pcmu": 8000, "audio/pcma": 8000}

type mediaFile struct {
	Path     string `json:"path"`
	MimeType string `json:"mimeType"`
}

type codecChoice struct {
	MimeType string `json:"mimeType"`
	Fmtp     string `json:"fmtp"`
}

// outgoing is a track that we send.
type outgoing struct {
	kind, mimeType string
	sender         *webrtc.RTPSender
	packets        atomic.Int64
	plis, firs     atomic.Int64
	nacks          atomic.Int64
	lost           atomic.Int64
	stop           chan struct{}
	once           sync.Once
}

// incoming is a track that comes.
type incoming struct {
	kind, mimeType, rid string
	ssrc                webrtc.SSRC
	packets, bytes      atomic.Int64
	frames              atomic.Int64
}

// mediaSide is the media of one connection.
type mediaSide struct {
	pc      *webrtc.PeerConnection
	mu      sync.Mutex
	senders map[string]*outgoing
	in      []*incoming
	echoes  bool
	// Tracks that are sent back, by kind.
	back map[string]*webrtc.TrackLocalStaticRTP
}

func newMediaSide(pc *webrtc.PeerConnection) *mediaSide {
	m := &mediaSide{pc: pc, senders: map[string]*outgoing{}, back: map[string]*webrtc.TrackLocalStaticRTP{}}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { m.read(track) })
	return m
}

func (m *mediaSide) read(track *webrtc.TrackRemote) {
	in := &incoming{kind: track.Kind().String(), mimeType: track.Codec().MimeType, rid: track.RID(), ssrc: track.SSRC()}
	m.mu.Lock()
	m.in = append(m.in, in)
	back := m.back[in.kind]
	m.mu.Unlock()
	builder := builderFor(track.Codec())
	if in.kind == "video" {
		// A key frame to begin with, as a browser asks for one.
		_ = m.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
	}
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		in.packets.Add(1)
		in.bytes.Add(int64(len(packet.Payload)))
		if back != nil {
			// Extensions have other numbers on the way back.
			packet.Extension, packet.Extensions = false, nil
			_ = back.WriteRTP(packet)
		}
		if builder == nil {
			in.frames.Add(1)
			continue
		}
		builder.Push(packet.Clone())
		for sample := builder.Pop(); sample != nil; sample = builder.Pop() {
			in.frames.Add(1)
		}
	}
}

func builderFor(codec webrtc.RTPCodecParameters) *samplebuilder.SampleBuilder {
	var depacketizer rtp.Depacketizer
	switch strings.ToLower(codec.MimeType) {
	case "video/vp8":
		depacketizer = &codecs.VP8Packet{}
	case "video/vp9":
		depacketizer = &codecs.VP9Packet{}
	case "video/h264":
		depacketizer = &codecs.H264Packet{}
	case "video/h265":
		depacketizer = &codecs.H265Depacketizer{}
	case "video/av1":
		depacketizer = &codecs.AV1Depacketizer{}
	default:
		return nil
	}
	return samplebuilder.New(512, depacketizer, codec.ClockRate)
}

func (m *mediaSide) handle(r request) (map[string]any, error) {
	done := map[string]any{}
	switch r.Cmd {
	case "media.send":
		return done, m.send(r)
	case "media.receive":
		_, err := m.pc.AddTransceiverFromKind(webrtc.NewRTPCodecType(r.Kind), webrtc.RTPTransceiverInit{
			Direction: webrtc.RTPTransceiverDirectionRecvonly,
		})
		return done, err
	case "media.echo":
		m.echoes = true
		return done, nil
	case "media.remove":
		out, err := m.sender(r.Track)
		if err != nil {
			return nil, err
		}
		out.end()
		return done, m.pc.RemoveTrack(out.sender)
	case "media.prefer":
		return done, m.prefer(r.Codec)
	case "media.facts":
		return map[string]any{"media": m.facts()}, nil
	case "media.codecs":
		return map[string]any{"codecs": []codecChoice{
			{MimeType: "video/VP8"}, {MimeType: "video/VP9"}, {MimeType: "video/H264"}, {MimeType: "video/H265"},
			{MimeType: "video/AV1"}, {MimeType: "audio/opus"}, {MimeType: "audio/PCMU"}, {MimeType: "audio/PCMA"},
			{MimeType: "audio/G722"},
		}}, nil
	}
	return nil, fmt.Errorf("no command %s", r.Cmd)
}

func (m *mediaSide) sender(name string) (*outgoing, error) {
	if out := m.senders[name]; out != nil {
		return out, nil
	}
	return nil, fmt.Errorf("no track %s", name)
}

func (m *mediaSide) send(r request) error {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: r.File.MimeType, ClockRate: clockRates[strings.ToLower(r.File.MimeType)]}, r.Track, "pion")
	if err != nil {
		return err
	}
	sender, err := m.pc.AddTrack(track)
	if err != nil {
		return err
	}
	out := &outgoing{kind: r.Kind, mimeType: r.File.MimeType, sender: sender, stop: make(chan struct{})}
	m.senders[r.Track] = out
	go out.readReports()
	go out.play(r.File, track)
	return nil
}

func (o *outgoing) end() { o.once.Do(func() { close(o.stop) }) }

func (o *outgoing) readReports() {
	for {
		packets, _, err := o.sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch p := packet.(type) {
			case *rtcp.PictureLossIndication:
				o.plis.Add(1)
			case *rtcp.FullIntraRequest:
				o.firs.Add(1)
			case *rtcp.TransportLayerNack:
				o.nacks.Add(1)
			case *rtcp.ReceiverReport:
				for _, report := range p.Reports {
					o.lost.Store(int64(report.TotalLost))
				}
			}
		}
	}
}

// play writes the file over and over.
func (o *outgoing) play(file mediaFile, track *webrtc.TrackLocalStaticSample) {
	for {
		if err := o.playOnce(file, track); err != nil && !errors.Is(err, io.EOF) {
			return
		}
		select {
		case <-o.stop:
			return
		default:
		}
	}
}

func (o *outgoing) playOnce(file mediaFile, track *webrtc.TrackLocalStaticSample) error {
	input, err := os.Open(file.Path)
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }()
	next, interval, err := frames(input, file.MimeType)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-o.stop:
			return nil
		case <-ticker.C:
		}
		data, err := next()
		if err != nil {
			return err
		}
		if err := track.WriteSample(media.Sample{Data: data, Duration: interval}); err != nil {
			return err
		}
		o.packets.Add(1)
	}
}

// frames gives a function that reads the next frame, and how long each lasts.
func frames(input io.Reader, mimeType string) (func() ([]byte, error), time.Duration, error) {
	switch strings.ToLower(mimeType) {
	case "audio/opus":
		reader, _, err := oggreader.NewWith(input)
		return func() ([]byte, error) {
			for {
				page, _, err := reader.ParseNextPage()
				if err != nil || !bytes.HasPrefix(page, []byte("OpusTags")) {
					return page, err
				}
			}
		}, 20 * time.Millisecond, err
	case "audio/pcmu", "audio/pcma", "audio/g722":
		data, err := io.ReadAll(input)
		if err != nil {
			return nil, 0, err
		}
		if at := bytes.Index(data, []byte("data")); strings.HasPrefix(string(data), "RIFF") && at >= 0 {
			data = data[at+8:]
		}
		return func() ([]byte, error) {
			if len(data) < 160 {
				return nil, io.EOF
			}
			frame := data[:160]
			data = data[160:]
			return frame, nil
		}, 20 * time.Millisecond, nil
	case "video/h264":
		reader, err := h264reader.NewReader(input)
		if err != nil {
			return nil, 0, err
		}
		return accessUnits(func() ([]byte, bool, error) {
			nal, err := reader.NextNAL()
			if err != nil {
				return nil, false, err
			}
			return nal.Data, nal.UnitType >= 1 && nal.UnitType <= 5, nil
		}), time.Second / 30, nil
	case "video/h265":
		reader, err := h265reader.NewReader(input)
		if err != nil {
			return nil, 0, err
		}
		return accessUnits(func() ([]byte, bool, error) {
			nal, err := reader.NextNAL()
			if err != nil {
				return nil, false, err
			}
			return nal.Data, nal.NalUnitType < 32, nil
		}), time.Second / 30, nil
	default:
		reader, _, err := ivfreader.NewWith(input)
		return func() ([]byte, error) {
			frame, _, err := reader.ParseNextFrame()
			return frame, err
		}, time.Second / 30, err
	}
}

// accessUnits puts what stands before a slice with it: the files have one slice for each picture.
func accessUnits(next func() (data []byte, isSlice bool, err error)) func() ([]byte, error) {
	return func() ([]byte, error) {
		var unit []byte
		for {
			data, isSlice, err := next()
			if err != nil {
				return nil, err
			}
			unit = append(append(unit, 0, 0, 0, 1), data...)
			if isSlice {
				return unit, nil
			}
		}
	}
}

func (m *mediaSide) prefer(choice codecChoice) error {
	for _, transceiver := range m.pc.GetTransceivers() {
		if !strings.HasPrefix(choice.MimeType, transceiver.Kind().String()) {
			continue
		}
		chosen := []webrtc.RTPCodecParameters{}
		for _, codec := range transceiver.Receiver().GetParameters().Codecs {
			if strings.EqualFold(codec.MimeType, choice.MimeType) && strings.Contains(codec.SDPFmtpLine, choice.Fmtp) {
				chosen = append(chosen, codec)
			}
		}
		if err := transceiver.SetCodecPreferences(chosen); err != nil {
			return err
		}
	}
	return nil
}

// prepareEcho adds a track to every section of the offer just applied, so that what comes can be sent back.
func (m *mediaSide) prepareEcho() error {
	if !m.echoes {
		return nil
	}
	for _, transceiver := range m.pc.GetTransceivers() {
		kind := transceiver.Kind().String()
		if m.back[kind] != nil || transceiver.Direction() != webrtc.RTPTransceiverDirectionRecvonly {
			continue
		}
		offered := transceiver.Receiver().GetParameters().Codecs
		if len(offered) == 0 {
			continue
		}
		track, err := webrtc.NewTrackLocalStaticRTP(offered[0].RTPCodecCapability, "echo-"+kind, "echo")
		if err != nil {
			return err
		}
		if _, err := m.pc.AddTrack(track); err != nil {
			return err
		}
		m.mu.Lock()
		m.back[kind] = track
		m.mu.Unlock()
	}
	return nil
}

func (m *mediaSide) facts() map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, out := []map[string]any{}, []map[string]any{}
	for _, each := range m.in {
		facts := map[string]any{
			"kind": each.kind, "ssrc": each.ssrc, "codec": each.mimeType,
			"packets": each.packets.Load(), "bytes": each.bytes.Load(),
		}
		if each.rid != "" {
			facts["rid"] = each.rid
		}
		if each.kind == "video" {
			facts["framesDecoded"] = each.frames.Load()
		} else {
			facts["totalSamplesReceived"] = each.packets.Load() * 960
		}
		in = append(in, facts)
	}
	for _, each := range m.senders {
		ssrc := webrtc.SSRC(0)
		if encodings := each.sender.GetParameters().Encodings; len(encodings) > 0 {
			ssrc = encodings[0].SSRC
		}
		out = append(out, map[string]any{
			"kind": each.kind, "ssrc": ssrc, "codec": each.mimeType,
			"packets": each.packets.Load(), "bytes": 0, "packetsLost": each.lost.Load(),
			"pliCount": each.plis.Load(), "firCount": each.firs.Load(), "nackCount": each.nacks.Load(),
		})
	}
	transceivers := []map[string]any{}
	for _, transceiver := range m.pc.GetTransceivers() {
		transceivers = append(transceivers, map[string]any{
			"mid": transceiver.Mid(), "kind": transceiver.Kind().String(),
			"direction": transceiver.Direction().String(), "currentDirection": transceiver.Direction().String(),
		})
	}
	return map[string]any{
		"inbound": in, "outbound": out, "remoteTracks": []any{}, "transceivers": transceivers, "colours": []any{},
	}
}

func (m *mediaSide) close() {
	for _, out := range m.senders {
		out.end()
	}
}
