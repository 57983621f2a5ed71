package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	// Packets on the way at once; see ../src/worker/media/flood.ts.
	inFlight = 256
	stall    = 30 * time.Millisecond
	// Payload and header are 1,200 bytes.
	payloadSize = 1188
)

var vp8 = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}

func newMediaConnection() (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(media, registry); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings),
	)
	return api.NewPeerConnection(webrtc.Configuration{})
}

// drain reads what the peer says about a sender, for the interceptors to see it.
func drain(sender *webrtc.RTPSender) {
	buffer := make([]byte, 1500)
	for {
		if _, _, err := sender.Read(buffer); err != nil {
			return
		}
	}
}

// vp8Payload is a whole key frame.
func vp8Payload() []byte {
	payload := make([]byte, payloadSize)
	copy(payload, []byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01})
	return payload
}

// packets sends RTP between two connections as fast as it goes.
func packets(c command) (any, error) {
	a, err := newMediaConnection()
	if err != nil {
		return nil, err
	}
	b, err := newMediaConnection()
	if err != nil {
		return nil, err
	}
	track, err := webrtc.NewTrackLocalStaticRTP(vp8, "video", "stream")
	if err != nil {
		return nil, err
	}
	sender, err := a.AddTrack(track)
	if err != nil {
		return nil, err
	}
	go drain(sender)
	var received atomic.Int64
	arrived := make(chan struct{}, 1)
	b.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := remote.ReadRTP(); err != nil {
				return
			}
			received.Add(1)
			select {
			case arrived <- struct{}{}:
			default:
			}
		}
	})
	connected := make(chan struct{})
	var once sync.Once
	b.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	if err := negotiate(a, b); err != nil {
		return nil, err
	}
	<-connected
	var sent atomic.Int64
	stop := make(chan struct{})
	go func() {
		packet := &rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: vp8Payload()}
		given := int64(0)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if sent.Load()-received.Load()-given >= inFlight {
				select {
				case <-arrived:
				case <-time.After(stall):
					// What did not come is lost.
					given = sent.Load() - received.Load()
				}
				continue
			}
			packet.SequenceNumber++
			packet.Timestamp += 90
			if track.WriteRTP(packet) == nil {
				sent.Add(1)
			}
		}
	}()
	time.Sleep(seconds(c.Warmup))
	start, before, fromSent, fromReceived := time.Now(), cpuSeconds(), sent.Load(), received.Load()
	time.Sleep(seconds(c.Seconds))
	answer := map[string]any{
		"sent": sent.Load() - fromSent, "received": received.Load() - fromReceived,
		"seconds": time.Since(start).Seconds(), "cpuSeconds": cpuSeconds() - before,
	}
	close(stop)
	_ = a.Close()
	_ = b.Close()
	return answer, nil
}

func negotiate(a, b *webrtc.PeerConnection) error {
	gathered := webrtc.GatheringCompletePromise(a)
	offer, err := a.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := a.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	answer, err := answerTo(b, a.LocalDescription().SDP)
	if err != nil {
		return err
	}
	return a.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// answerTo gives the answer with all candidates.
func answerTo(pc *webrtc.PeerConnection, offer string) (string, error) {
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// relayTrack is what all viewers of the relay get.
var relayTrack *webrtc.TrackLocalStaticRTP

func relayPublisher(c command) (any, error) {
	pc, err := newMediaConnection()
	if err != nil {
		return nil, err
	}
	if relayTrack, err = webrtc.NewTrackLocalStaticRTP(vp8, "video", "stream"); err != nil {
		return nil, err
	}
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(remote.SSRC())}})
		buffer := make([]byte, 1500)
		for {
			length, _, err := remote.Read(buffer)
			if err != nil {
				return
			}
			_, _ = relayTrack.Write(buffer[:length])
		}
	})
	answer, err := answerTo(pc, c.SDP)
	return map[string]any{"sdp": answer}, err
}

func relayViewer(c command) (any, error) {
	pc, err := newMediaConnection()
	if err != nil {
		return nil, err
	}
	sender, err := pc.AddTrack(relayTrack)
	if err != nil {
		return nil, err
	}
	go drain(sender)
	answer, err := answerTo(pc, c.SDP)
	return map[string]any{"sdp": answer}, err
}

func cpu(c command) (any, error) {
	time.Sleep(seconds(c.Warmup))
	start, before := time.Now(), cpuSeconds()
	time.Sleep(seconds(c.Seconds))
	return map[string]any{"cpuSeconds": cpuSeconds() - before, "seconds": time.Since(start).Seconds()}, nil
}
