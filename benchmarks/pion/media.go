package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/sdp/v3"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v3"
	"github.com/pion/transport/v4/replaydetector"
)

// operation is something that is done over and over.
type operation struct {
	// What is done before each stretch and not measured; may be nil.
	prepare func()
	// A stretch; returns how many operations it had.
	run func() int
}

// inputs are what all libraries work on, by name.
var inputs = map[string][][]byte{}

var errMissing = errors.New("missing")

// kept holds results, so that nothing is left out for being of no use.
var kept any

func takeInputs(c command) (any, error) {
	for name, list := range c.Inputs {
		inputs[name] = nil
		for _, text := range list {
			bytes, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, err
			}
			inputs[name] = append(inputs[name], bytes)
		}
	}
	return map[string]any{}, nil
}

func measureOperation(c command) (answer any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	op, err := operationOf(c.ID)
	if errors.Is(err, errMissing) {
		return map[string]any{"rate": nil}, nil
	}
	if err != nil {
		return nil, err
	}
	begin := time.Now().Add(seconds(c.Warmup))
	limit := begin.Add(4 * seconds(c.Seconds))
	count := 0
	for spent := time.Duration(0); ; {
		if op.prepare != nil {
			op.prepare()
		}
		start := time.Now()
		done := op.run()
		end := time.Now()
		if start.Before(begin) {
			continue
		}
		count += done
		spent += end.Sub(start)
		if spent >= seconds(c.Seconds) || end.After(limit) {
			return map[string]any{"rate": float64(count) / spent.Seconds()}, nil
		}
	}
}

func operationOf(id string) (operation, error) {
	switch id {
	case "rtp-parse", "rtp-serialize", "rtp-write", "extension-read", "extension-write":
		return rtpOperation(id), nil
	case "replay-window":
		return replayOperation(), nil
	case "sdp-short", "sdp-long":
		text := inputs[id][0]
		return repeat(10, func() {
			description := &sdp.SessionDescription{}
			must(description.Unmarshal(text))
			kept = description
		}), nil
	case "candidate-host", "candidate-reflexive":
		line := "candidate:" + string(inputs[id][0])
		return repeat(500, func() {
			candidate, err := ice.UnmarshalCandidate(line)
			must(err)
			kept = candidate
		}), nil
	case "stun":
		bytes := inputs[id][0]
		return repeat(500, func() {
			message := &stun.Message{Raw: bytes}
			must(message.Decode())
			kept = message
		}), nil
	}
	action, rest, _ := strings.Cut(id, "-")
	switch action {
	case "depacketize":
		return depacketizeOperation(rest)
	case "packetize":
		return packetizeOperation(rest)
	case "protect", "unprotect":
		return srtpOperation(action, rest)
	}
	switch rest {
	case "decode":
		bytes := inputs["rtcp-"+action][0]
		return repeat(100, func() {
			packets, err := rtcp.Unmarshal(bytes)
			must(err)
			kept = packets
		}), nil
	case "encode":
		packets, err := rtcp.Unmarshal(inputs["rtcp-"+action][0])
		return repeat(100, func() {
			bytes, err := rtcp.Marshal(packets)
			must(err)
			kept = bytes
		}), err
	}
	return operation{}, errMissing
}

func repeat(count int, once func()) operation {
	return operation{run: func() int {
		for range count {
			once()
		}
		return count
	}}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func rtpOperation(id string) operation {
	name := "rtp"
	if strings.HasPrefix(id, "extension") {
		name = "rtp-extensions"
	}
	bytes := inputs[name][0]
	packet := &rtp.Packet{}
	must(packet.Unmarshal(bytes))
	buffer := make([]byte, 1500)
	switch id {
	case "rtp-parse":
		return repeat(500, func() {
			packet := &rtp.Packet{}
			must(packet.Unmarshal(bytes))
			kept = packet
		})
	case "rtp-serialize":
		return repeat(500, func() {
			bytes, err := packet.Marshal()
			must(err)
			kept = bytes
		})
	case "rtp-write":
		return repeat(500, func() {
			_, err := packet.MarshalTo(buffer)
			must(err)
		})
	case "extension-read":
		return repeat(500, func() {
			packet := &rtp.Packet{}
			must(packet.Unmarshal(bytes))
			var sendTime rtp.AbsSendTimeExtension
			var sequence rtp.TransportCCExtension
			must(sendTime.Unmarshal(packet.GetExtension(2)))
			must(sequence.Unmarshal(packet.GetExtension(3)))
			if len(packet.GetExtension(1)) != 1 {
				panic("no mid")
			}
			kept = packet
		})
	default:
		return repeat(500, func() {
			sendTime, err := rtp.AbsSendTimeExtension{Timestamp: 7}.Marshal()
			must(err)
			sequence, err := rtp.TransportCCExtension{TransportSequence: 9}.Marshal()
			must(err)
			must(packet.SetExtension(1, []byte("0")))
			must(packet.SetExtension(2, sendTime))
			must(packet.SetExtension(3, sequence))
			_, err = packet.MarshalTo(buffer)
			must(err)
		})
	}
}

func replayOperation() operation {
	detector := replaydetector.New(1024, 1<<48-1)
	index := uint64(0)
	return repeat(1000, func() {
		index++
		accept, ok := detector.Check(index)
		if !ok {
			panic("not new")
		}
		accept()
	})
}

func depacketizerOf(codec string) rtp.Depacketizer {
	switch codec {
	case "opus":
		return &codecs.OpusPacket{}
	case "vp8":
		return &codecs.VP8Packet{}
	case "vp9":
		return &codecs.VP9Packet{}
	case "h264", "h264-single":
		return &codecs.H264Packet{}
	case "h265":
		return &codecs.H265Depacketizer{}
	case "av1":
		return &codecs.AV1Depacketizer{}
	}
	return nil
}

func depacketizeOperation(codec string) (operation, error) {
	name := codec
	if codec != "h264-single" {
		name += "-packets"
	}
	var packets []*rtp.Packet
	for _, bytes := range inputs[name] {
		packet := &rtp.Packet{}
		if err := packet.Unmarshal(bytes); err != nil {
			return operation{}, err
		}
		packets = append(packets, packet)
	}
	depacketizer := depacketizerOf(codec)
	if depacketizer == nil {
		return operation{}, errMissing
	}
	return operation{run: func() int {
		// Whole frames are made, as the sample builder makes them.
		var frame []byte
		for _, packet := range packets {
			part, err := depacketizer.Unmarshal(packet.Payload)
			must(err)
			frame = append(frame, part...)
			if packet.Marker || codec == "opus" {
				kept = frame
				frame = nil
			}
		}
		return len(packets)
	}}, nil
}

func packetizeOperation(codec string) (operation, error) {
	var payloader rtp.Payloader
	switch codec {
	case "opus":
		payloader = &codecs.OpusPayloader{}
	case "vp8":
		payloader = &codecs.VP8Payloader{EnablePictureID: true}
	case "vp9":
		payloader = &codecs.VP9Payloader{}
	case "h264":
		payloader = &codecs.H264Payloader{}
	case "h265":
		payloader = &codecs.H265Payloader{}
	case "av1":
		payloader = &codecs.AV1Payloader{}
	default:
		return operation{}, errMissing
	}
	frames := inputs[codec+"-frames"]
	return operation{run: func() int {
		count := 0
		for _, frame := range frames {
			payloads := payloader.Payload(1188, frame)
			count += len(payloads)
			kept = payloads
		}
		return count
	}}, nil
}

func srtpContext(profile srtp.ProtectionProfile) *srtp.Context {
	keyLength, err := profile.KeyLen()
	must(err)
	saltLength, err := profile.SaltLen()
	must(err)
	key, salt := slices.Repeat([]byte{1}, keyLength), slices.Repeat([]byte{2}, saltLength)
	context, err := srtp.CreateContext(key, salt, profile, srtp.SRTPReplayProtection(1024))
	must(err)
	return context
}

func srtpOperation(action, rest string) (operation, error) {
	at := strings.LastIndex(rest, "-")
	profiles := map[string]srtp.ProtectionProfile{
		"AES_CM_128_HMAC_SHA1_80": srtp.ProtectionProfileAes128CmHmacSha1_80,
		"AEAD_AES_128_GCM":        srtp.ProtectionProfileAeadAes128Gcm,
		"AEAD_AES_256_GCM":        srtp.ProtectionProfileAeadAes256Gcm,
	}
	profile, ok := profiles[rest[:max(at, 0)]]
	if !ok {
		return operation{}, errMissing
	}
	size := 0
	if _, err := fmt.Sscan(rest[at+1:], &size); err != nil {
		return operation{}, err
	}
	sender := srtpContext(profile)
	plain := make([]byte, size)
	header := &rtp.Header{Version: 2, PayloadType: 96}
	buffer := make([]byte, 0, size+64)
	next := func(into []byte) []byte {
		header.SequenceNumber++
		if _, err := header.MarshalTo(plain); err != nil {
			panic(err)
		}
		protected, err := sender.EncryptRTP(into, plain, header)
		must(err)
		return protected
	}
	if action == "protect" {
		return repeat(200, func() { next(buffer) }), nil
	}
	receiver := srtpContext(profile)
	packets := make([][]byte, 200)
	received := &rtp.Header{}
	return operation{
		prepare: func() {
			for i := range packets {
				packets[i] = next(packets[i][:0])
			}
		},
		run: func() int {
			for _, packet := range packets {
				_, err := receiver.DecryptRTP(buffer, packet, received)
				must(err)
			}
			return len(packets)
		},
	}, nil
}
