package main

import (
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// end is one end of a connection with one channel.
type end struct {
	pc   *webrtc.PeerConnection
	open chan *webrtc.DataChannel
}

// iceRoute is the only way that connections may take; nil: as it comes.
type iceRoute struct {
	Servers    []string `json:"servers"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
	RelayOnly  bool     `json:"relayOnly"`
}

func (r *iceRoute) configuration() webrtc.Configuration {
	if r == nil || len(r.Servers) == 0 {
		return webrtc.Configuration{}
	}
	policy := webrtc.ICETransportPolicyAll
	if r.RelayOnly {
		policy = webrtc.ICETransportPolicyRelay
	}
	server := webrtc.ICEServer{URLs: r.Servers}
	if r.RelayOnly {
		server.Username, server.Credential = r.Username, r.Credential
	}
	return webrtc.Configuration{ICEServers: []webrtc.ICEServer{server}, ICETransportPolicy: policy}
}

// route of all ends of this process.
var route *iceRoute

func newEnd() (*end, error) {
	settings := webrtc.SettingEngine{}
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(route.configuration())
	if err != nil {
		return nil, err
	}
	e := &end{pc: pc, open: make(chan *webrtc.DataChannel, 1)}
	pc.OnDataChannel(e.adopt)
	return e, nil
}

func (e *end) adopt(channel *webrtc.DataChannel) {
	channel.OnOpen(func() { e.open <- channel })
}

// unreliable channels are unordered, and nothing of them is sent again.
var unreliable bool

func (e *end) offer() (string, error) {
	var options *webrtc.DataChannelInit
	if unreliable {
		ordered, again := false, uint16(0)
		options = &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: &again}
	}
	channel, err := e.pc.CreateDataChannel("bench", options)
	if err != nil {
		return "", err
	}
	e.adopt(channel)
	offer, err := e.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	return offer.SDP, e.pc.SetLocalDescription(offer)
}

func (e *end) answer(offer string) (string, error) {
	err := e.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", err
	}
	answer, err := e.pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	return answer.SDP, e.pc.SetLocalDescription(answer)
}

func (e *end) accept(answer string) error {
	return e.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// trickle passes candidates on once the other end knows the description they belong to.
type trickle struct {
	mu    sync.Mutex
	to    *end
	early []webrtc.ICECandidateInit
}

func (t *trickle) candidate(candidate *webrtc.ICECandidate) {
	if candidate == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to == nil {
		t.early = append(t.early, candidate.ToJSON())
	} else {
		_ = t.to.pc.AddICECandidate(candidate.ToJSON())
	}
}

func (t *trickle) start(to *end) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to = to
	for _, candidate := range t.early {
		_ = to.pc.AddICECandidate(candidate)
	}
}

type pair struct {
	ends     [2]*end
	channels [2]*webrtc.DataChannel
	took     time.Duration
}

func connectPair() (*pair, error) {
	start := time.Now()
	a, err := newEnd()
	if err != nil {
		return nil, err
	}
	b, err := newEnd()
	if err != nil {
		return nil, err
	}
	var fromA, fromB trickle
	a.pc.OnICECandidate(fromA.candidate)
	b.pc.OnICECandidate(fromB.candidate)
	offer, err := a.offer()
	if err != nil {
		return nil, err
	}
	answer, err := b.answer(offer)
	if err != nil {
		return nil, err
	}
	if err := a.accept(answer); err != nil {
		return nil, err
	}
	fromA.start(b)
	fromB.start(a)
	p := &pair{ends: [2]*end{a, b}, channels: [2]*webrtc.DataChannel{<-a.open, <-b.open}}
	p.took = time.Since(start)
	return p, nil
}

func (p *pair) close() {
	for _, e := range p.ends {
		_ = e.pc.Close()
	}
}
