package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	// Packets in one system call.
	batchSize = 16
	// What has not come by then is lost.
	lostAfter = 30 * time.Millisecond
	channel0  = 0x4000
)

// flow is one direction of one allocation: packets with numbers in, the same packets out.
type flow struct {
	id       uint32
	from, to *net.UDPConn
	// What is put around the payload, and what must be around it when it comes out.
	wrap   func(payload []byte) []byte
	unwrap func(datagram []byte) []byte
	size   int

	sent, received, bad, lost atomic.Int64
}

// turnLoad sends through allocations of a TURN server in both directions and says what came out, and what CPU time the server's
// process took meanwhile.
func turnLoad(c command) (any, error) {
	// The other core is the server's.
	runtime.GOMAXPROCS(1)
	server, err := net.ResolveUDPAddr("udp4", c.Address)
	if err != nil {
		return nil, err
	}
	var flows []*flow
	var allocations []*allocation
	defer func() {
		for _, a := range allocations {
			_ = a.release()
		}
	}()
	for i := range c.Count {
		a, err := allocate(server)
		if err != nil {
			return nil, err
		}
		allocations = append(allocations, a)
		peer, err := net.DialUDP("udp4", &net.UDPAddr{IP: server.IP}, a.relayed)
		if err != nil {
			return nil, err
		}
		defer peer.Close()
		_ = peer.SetReadBuffer(4 << 20)
		channel := uint16(0)
		if c.ID == "channel" {
			channel = channel0 + uint16(i)
		}
		peerAddr := peer.LocalAddr().(*net.UDPAddr)
		if err := a.permit(peerAddr, channel); err != nil {
			return nil, err
		}
		out := &flow{id: uint32(2 * i), from: a.conn, to: peer, size: c.Size, unwrap: plain}
		back := &flow{id: uint32(2*i + 1), from: peer, to: a.conn, size: c.Size, wrap: plain}
		if c.ID == "channel" {
			out.wrap, back.unwrap = channelData(channel)
		} else {
			out.wrap, back.unwrap = indication(peerAddr)
		}
		flows = append(flows, out, back)
	}

	return measureFlows(flows, c)
}

// forwardLoad does the same with a program that only forwards; see ../src/connectivity/forwarder.ts.
func forwardLoad(c command) (any, error) {
	runtime.GOMAXPROCS(1)
	server, err := net.ResolveUDPAddr("udp4", c.Address)
	if err != nil {
		return nil, err
	}
	var flows []*flow
	for i := range c.Count {
		client, err := net.DialUDP("udp4", nil, server)
		if err != nil {
			return nil, err
		}
		defer client.Close()
		peer, err := welcome(client, server)
		if err != nil {
			return nil, err
		}
		defer peer.Close()
		_, _ = client.SetReadBuffer(4<<20), peer.SetReadBuffer(4<<20)
		out := &flow{id: uint32(2 * i), from: client, to: peer, size: c.Size, wrap: plain, unwrap: plain}
		back := &flow{id: uint32(2*i + 1), from: peer, to: client, size: c.Size, wrap: plain, unwrap: plain}
		flows = append(flows, out, back)
	}
	return measureFlows(flows, c)
}

// welcome tells the forwarder a free port and connects that to where it is told.
func welcome(client *net.UDPConn, server *net.UDPAddr) (*net.UDPConn, error) {
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: server.IP})
	if err != nil {
		return nil, err
	}
	local := free.LocalAddr().(*net.UDPAddr)
	_ = free.Close()
	if _, err := fmt.Fprintf(client, "P%d", local.Port); err != nil {
		return nil, err
	}
	answer := make([]byte, 16)
	_ = client.SetReadDeadline(time.Now().Add(time.Second))
	n, err := client.Read(answer)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(string(answer[:n]))
	if err != nil {
		return nil, err
	}
	return net.DialUDP("udp4", local, &net.UDPAddr{IP: server.IP, Port: port})
}

func measureFlows(flows []*flow, c command) (any, error) {
	var done atomic.Bool
	var group sync.WaitGroup
	errs := make([]error, len(flows))
	for i, f := range flows {
		group.Add(1)
		go func() {
			defer group.Done()
			errs[i] = f.run(c.Window, float64(c.Rate)/float64(len(flows)), &done)
		}()
	}
	time.Sleep(seconds(c.Warmup))
	start, from, before, own := time.Now(), total(flows), cpuSecondsOf(c.PID), cpuSeconds()
	time.Sleep(seconds(c.Seconds))
	took, to, after, ownAfter := time.Since(start).Seconds(), total(flows), cpuSecondsOf(c.PID), cpuSeconds()
	done.Store(true)
	group.Wait()
	all := total(flows)
	return map[string]any{
		"packets": to.received - from.received, "seconds": took,
		"cpuSeconds": after - before, "clientCpuSeconds": ownAfter - own,
		"sent": all.sent, "received": all.received, "bad": all.bad,
	}, errors.Join(errs...)
}

type totals struct{ sent, received, bad int64 }

func total(flows []*flow) (t totals) {
	for _, f := range flows {
		t.sent += f.sent.Load()
		t.received += f.received.Load()
		t.bad += f.bad.Load()
	}
	return t
}

// run keeps `window` packets on the way, or sends `rate` a second when that is not 0.
func (f *flow) run(window int, rate float64, done *atomic.Bool) error {
	out, in := ipv4.NewPacketConn(f.from), ipv4.NewPacketConn(f.to)
	outgoing, incoming := make([]ipv4.Message, batchSize), make([]ipv4.Message, batchSize)
	payloads := make([][]byte, batchSize)
	for i := range batchSize {
		datagram := f.wrap(make([]byte, f.size))
		payloads[i] = datagram[payloadAt(datagram, f.size):][:f.size]
		for j := range payloads[i] {
			payloads[i][j] = byte(j)
		}
		binary.BigEndian.PutUint32(payloads[i], f.id)
		outgoing[i].Buffers = [][]byte{datagram}
		incoming[i].Buffers = [][]byte{make([]byte, 2048)}
	}
	number, onTheWay := uint32(0), 0
	start, sent := time.Now(), 0.0
	for {
		due := window - onTheWay
		wait := lostAfter
		if rate > 0 {
			due = int(time.Since(start).Seconds()*rate - sent)
			wait = time.Millisecond
		}
		stopped := done.Load()
		if stopped {
			due = 0
			wait = lostAfter
		}
		for due > 0 {
			n := min(due, batchSize)
			for i := range n {
				binary.BigEndian.PutUint32(payloads[i][4:], number)
				number++
			}
			wrote := 0
			for wrote < n {
				more, err := out.WriteBatch(outgoing[wrote:n], 0)
				if err != nil {
					return fmt.Errorf("sending: %w", err)
				}
				wrote += more
			}
			f.sent.Add(int64(n))
			onTheWay += n
			sent += float64(n)
			due -= n
		}
		_ = f.to.SetReadDeadline(time.Now().Add(wait))
		n, err := in.ReadBatch(incoming, 0)
		if err != nil {
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				return fmt.Errorf("receiving: %w", err)
			}
			if stopped {
				return nil
			}
			if rate == 0 {
				onTheWay = 0
			}
			continue
		}
		for _, m := range incoming[:n] {
			payload := f.unwrap(m.Buffers[0][:m.N])
			if len(payload) == f.size && binary.BigEndian.Uint32(payload) == f.id && payload[f.size-1] == byte(f.size-1) {
				f.received.Add(1)
			} else {
				f.bad.Add(1)
			}
		}
		onTheWay = max(0, onTheWay-n)
	}
}

func plain(bytes []byte) []byte { return bytes }

func channelData(channel uint16) (wrap, unwrap func([]byte) []byte) {
	wrap = func(payload []byte) []byte {
		header := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, channel), uint16(len(payload)))
		return append(header, payload...)
	}
	unwrap = func(datagram []byte) []byte {
		if len(datagram) < 4 || binary.BigEndian.Uint16(datagram) != channel {
			return nil
		}
		length := int(binary.BigEndian.Uint16(datagram[2:]))
		if length > len(datagram)-4 {
			return nil
		}
		return datagram[4 : 4+length]
	}
	return wrap, unwrap
}

// indication of Send out, of Data back (RFC 8656 §11): XOR-PEER-ADDRESS, then DATA.
func indication(peer *net.UDPAddr) (wrap, unwrap func([]byte) []byte) {
	wrap = func(payload []byte) []byte {
		padding := -len(payload) & 3
		m := make([]byte, 20, 36+len(payload)+padding)
		binary.BigEndian.PutUint16(m, 0x0016)
		binary.BigEndian.PutUint16(m[2:], uint16(16+len(payload)+padding))
		binary.BigEndian.PutUint32(m[4:], 0x2112a442)
		for i := 8; i < 20; i++ {
			m[i] = byte(i)
		}
		ip := peer.IP.To4()
		port := uint16(peer.Port) ^ 0x2112
		m = append(m, 0, 0x12, 0, 8, 0, 1, byte(port>>8), byte(port), ip[0]^0x21, ip[1]^0x12, ip[2]^0xa4, ip[3]^0x42)
		m = append(m, 0, 0x13, byte(len(payload)>>8), byte(len(payload)))
		m = append(m, payload...)
		return append(m, make([]byte, padding)...)
	}
	unwrap = func(datagram []byte) []byte {
		if len(datagram) < 20 || binary.BigEndian.Uint16(datagram) != 0x0017 {
			return nil
		}
		for at := 20; at+4 <= len(datagram); {
			length := int(binary.BigEndian.Uint16(datagram[at+2:]))
			if at+4+length > len(datagram) {
				return nil
			}
			if binary.BigEndian.Uint16(datagram[at:]) == 0x0013 {
				return datagram[at+4 : at+4+length]
			}
			at += 4 + length + (-length & 3)
		}
		return nil
	}
	return wrap, unwrap
}

// payloadAt is where the payload begins in what was made around it, by the lengths of what is known.
func payloadAt(datagram []byte, size int) int {
	switch {
	case len(datagram) == size:
		return 0
	case datagram[0] >= 0x40:
		return 4
	default:
		return 36
	}
}

var held []*allocation

// turnAllocate makes allocations and keeps them.
func turnAllocate(c command) (any, error) {
	server, err := net.ResolveUDPAddr("udp4", c.Address)
	if err != nil {
		return nil, err
	}
	made := make([]*allocation, c.Count)
	errs := make([]error, atOnce)
	var next atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for worker := range atOnce {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= c.Count {
					return
				}
				if made[i], errs[worker] = allocate(server); errs[worker] != nil {
					return
				}
			}
		}()
	}
	group.Wait()
	took := time.Since(start).Seconds()
	for _, a := range made {
		if a != nil {
			held = append(held, a)
		}
	}
	return map[string]any{"seconds": took}, errors.Join(errs...)
}

// turnRelease ends the allocations that are kept.
func turnRelease() (any, error) {
	var err error
	for _, a := range held {
		err = errors.Join(err, a.release())
	}
	held = nil
	return map[string]any{}, err
}

// cpuSecondsOf a process, all of its threads (proc(5): fields 14 and 15 in hundredths of a second).
func cpuSecondsOf(pid int) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}
