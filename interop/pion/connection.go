package main

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// channelInit is an RTCDataChannelInit; absent members are nil.
type channelInit struct {
	Ordered           *bool   `json:"ordered"`
	MaxRetransmits    *uint16 `json:"maxRetransmits"`
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime"`
	Protocol          *string `json:"protocol"`
	Negotiated        *bool   `json:"negotiated"`
	ID                *uint16 `json:"id"`
}

// configuration is a PeerConfiguration of the protocol.
type configuration struct {
	ICEServers []struct {
		URLs       []string `json:"urls"`
		Username   string   `json:"username"`
		Credential string   `json:"credential"`
	} `json:"iceServers"`
	ICETransportPolicy string `json:"iceTransportPolicy"`
	Lite               bool   `json:"lite"`
	TCP                bool   `json:"tcp"`
	IPv6               bool   `json:"ipv6"`
}

type connection struct {
	name     string
	pc       *webrtc.PeerConnection
	mu       sync.Mutex
	channels map[string]*webrtc.DataChannel
	incoming int
	media    *mediaSide
	listener net.Listener
}

func newConnection(name string, asked configuration) (*connection, error) {
	settings := webrtc.SettingEngine{}
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetSCTPMaxMessageSize(262144)
	settings.SetLite(asked.Lite)
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	if asked.IPv6 {
		types = append(types, webrtc.NetworkTypeUDP6)
	}
	var listener net.Listener
	if asked.TCP {
		var err error
		if listener, err = net.Listen("tcp4", "0.0.0.0:0"); err != nil {
			return nil, err
		}
		settings.SetICETCPMux(webrtc.NewICETCPMux(nil, listener, 16))
		types = append(types, webrtc.NetworkTypeTCP4)
	}
	settings.SetNetworkTypes(types)
	config := webrtc.Configuration{ICETransportPolicy: webrtc.NewICETransportPolicy(asked.ICETransportPolicy)}
	for _, server := range asked.ICEServers {
		config.ICEServers = append(config.ICEServers, webrtc.ICEServer{
			URLs: server.URLs, Username: server.Username, Credential: server.Credential,
		})
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	c := &connection{
		name: name, pc: pc, channels: map[string]*webrtc.DataChannel{}, media: newMediaSide(pc), listener: listener,
	}
	pc.OnDataChannel(func(channel *webrtc.DataChannel) {
		c.mu.Lock()
		c.incoming++
		key := fmt.Sprintf("in%d", c.incoming)
		c.mu.Unlock()
		c.report("channel", map[string]any{"channel": key, "facts": facts(channel)})
		c.adopt(key, channel)
	})
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			c.report("candidate", map[string]any{"candidate": nil})
		} else {
			c.report("candidate", map[string]any{"candidate": candidate.ToJSON()})
		}
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		c.report("state", map[string]any{"state": state.String()})
	})
	return c, nil
}

func (c *connection) report(event string, more map[string]any) {
	more["event"], more["pc"] = event, c.name
	write(more)
}

func (c *connection) adopt(key string, channel *webrtc.DataChannel) {
	c.mu.Lock()
	c.channels[key] = channel
	c.mu.Unlock()
	channel.OnOpen(func() { c.report("open", map[string]any{"channel": key}) })
	channel.OnClose(func() { c.report("closed", map[string]any{"channel": key}) })
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		c.report("message", map[string]any{"channel": key, "digest": digestOf(m.IsString, m.Data)})
	})
}

func (c *connection) handle(r request) (map[string]any, error) {
	if strings.HasPrefix(r.Cmd, "media.") {
		return c.media.handle(r)
	}
	done := map[string]any{}
	switch r.Cmd {
	case "channel":
		channel, err := c.pc.CreateDataChannel(r.Label, &webrtc.DataChannelInit{
			Ordered: r.Init.Ordered, MaxRetransmits: r.Init.MaxRetransmits, MaxPacketLifeTime: r.Init.MaxPacketLifeTime,
			Protocol: r.Init.Protocol, Negotiated: r.Init.Negotiated, ID: r.Init.ID,
		})
		if err != nil {
			return nil, err
		}
		c.adopt(r.Channel, channel)
		return done, nil
	case "offer":
		offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: r.Restart})
		return c.describe(offer, err, r.Trickle)
	case "answer":
		remote := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: r.SDP}
		if err := c.pc.SetRemoteDescription(remote); err != nil {
			return nil, err
		}
		if err := c.media.prepareEcho(); err != nil {
			return nil, err
		}
		answer, err := c.pc.CreateAnswer(nil)
		return c.describe(answer, err, r.Trickle)
	case "accept":
		return done, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: r.SDP})
	case "candidate":
		var candidate webrtc.ICECandidateInit
		if err := json.Unmarshal(r.Candidate, &candidate); err != nil {
			return nil, err
		}
		return done, c.pc.AddICECandidate(candidate)
	case "pair":
		return c.pair()
	case "close":
		c.media.close()
		err := c.pc.Close()
		if c.listener != nil {
			c.listener.Close()
		}
		return done, err
	}
	c.mu.Lock()
	channel := c.channels[r.Channel]
	c.mu.Unlock()
	if channel == nil {
		return nil, fmt.Errorf("no channel %s", r.Channel)
	}
	switch r.Cmd {
	case "send":
		data, err := r.Payload.bytes()
		if err != nil {
			return nil, err
		}
		if r.Payload.Kind == "text" {
			return done, channel.SendText(string(data))
		}
		return done, channel.Send(data)
	case "burst":
		for i := range r.Count {
			if err := channel.Send(burstMessage(i, r.Size)); err != nil {
				return nil, err
			}
		}
		return done, nil
	case "closeChannel":
		return done, channel.Close()
	case "facts":
		return map[string]any{"facts": facts(channel)}, nil
	}
	return nil, fmt.Errorf("no command %s", r.Cmd)
}

func (c *connection) pair() (map[string]any, error) {
	pair, err := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil {
		return nil, err
	}
	if pair == nil {
		return nil, fmt.Errorf("no pair is selected")
	}
	end := func(candidate *webrtc.ICECandidate) map[string]any {
		return map[string]any{
			"type": candidate.Typ.String(), "protocol": candidate.Protocol.String(), "address": candidate.Address,
		}
	}
	return map[string]any{"pair": map[string]any{"local": end(pair.Local), "remote": end(pair.Remote)}}, nil
}

func (c *connection) describe(description webrtc.SessionDescription, err error, trickle bool) (map[string]any, error) {
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(description); err != nil {
		return nil, err
	}
	if trickle {
		return map[string]any{"sdp": description.SDP}, nil
	}
	<-gathered
	return map[string]any{"sdp": c.pc.LocalDescription().SDP}, nil
}

func facts(channel *webrtc.DataChannel) map[string]any {
	return map[string]any{
		"label": channel.Label(), "protocol": channel.Protocol(), "id": channel.ID(), "negotiated": channel.Negotiated(),
		"ordered": channel.Ordered(), "maxRetransmits": channel.MaxRetransmits(), "maxPacketLifeTime": channel.MaxPacketLifeTime(),
	}
}
