package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/stun/v3"
)

const (
	methodAllocate         = stun.Method(3)
	methodRefresh          = stun.Method(4)
	methodCreatePermission = stun.Method(8)
	methodChannelBind      = stun.Method(9)
)

// allocation is one on any TURN server, asked for by hand: the same bytes for each server.
type allocation struct {
	conn    *net.UDPConn
	relayed *net.UDPAddr
	server  *net.UDPAddr
	nonce   stun.Nonce
	realm   stun.Realm
}

// rawAttribute is an attribute as it is.
type rawAttribute struct {
	kind  stun.AttrType
	value []byte
}

func (a rawAttribute) AddTo(m *stun.Message) error {
	m.Add(a.kind, a.value)
	return nil
}

// errMismatch is what a port gets that the server still has an allocation for, of a socket that had it before.
var errMismatch = errors.New("allocation mismatch")

// allocate makes an allocation for UDP over UDP.
func allocate(server *net.UDPAddr) (*allocation, error) {
	for range 5 {
		a, err := allocateOnce(server)
		if !errors.Is(err, errMismatch) {
			return a, err
		}
	}
	return nil, errMismatch
}

func allocateOnce(server *net.UDPAddr) (*allocation, error) {
	conn, err := net.DialUDP("udp4", nil, server)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	a := &allocation{conn: conn, server: server}
	transport := rawAttribute{stun.AttrRequestedTransport, []byte{17, 0, 0, 0}}
	// As long as the longest challenge: servers that do not amplify may answer a shorter request with less, or not at once.
	long := stun.NewSoftware("kaon benchmark, a first request with room for every attribute of the challenge that comes back to it")
	challenge, err := a.transact(methodAllocate, transport, long)
	if err != nil {
		return nil, a.fail(err)
	}
	var code stun.ErrorCodeAttribute
	if code.GetFrom(challenge) == nil && code.Code == stun.CodeAllocMismatch {
		return nil, a.fail(errMismatch)
	}
	if err := errors.Join(a.nonce.GetFrom(challenge), a.realm.GetFrom(challenge)); err != nil {
		return nil, a.fail(err)
	}
	answer, err := a.request(methodAllocate, transport)
	if err != nil {
		return nil, a.fail(err)
	}
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(answer, stun.AttrXORRelayedAddress); err != nil {
		return nil, a.fail(err)
	}
	a.relayed = &net.UDPAddr{IP: relayed.IP, Port: relayed.Port}
	return a, nil
}

func (a *allocation) fail(err error) error {
	_ = a.conn.Close()
	return err
}

// permit lets a peer through; with a channel when it is not 0.
func (a *allocation) permit(peer *net.UDPAddr, channel uint16) error {
	setter := peerAddress{peer}
	if channel == 0 {
		_, err := a.request(methodCreatePermission, setter)
		return err
	}
	number := rawAttribute{stun.AttrChannelNumber, []byte{byte(channel >> 8), byte(channel), 0, 0}}
	_, err := a.request(methodChannelBind, number, setter)
	return err
}

// release ends the allocation.
func (a *allocation) release() error {
	_, err := a.request(methodRefresh, rawAttribute{stun.AttrLifetime, []byte{0, 0, 0, 0}})
	return errors.Join(err, a.conn.Close())
}

type peerAddress struct{ addr *net.UDPAddr }

func (p peerAddress) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: p.addr.IP, Port: p.addr.Port}.AddToAs(m, stun.AttrXORPeerAddress)
}

// request is one with credentials; it takes a new nonce when it is told one.
func (a *allocation) request(method stun.Method, setters ...stun.Setter) (*stun.Message, error) {
	for range 3 {
		key := stun.NewLongTermIntegrity(turnUser, a.realm.String(), turnPassword)
		all := append(append([]stun.Setter{}, setters...), stun.NewUsername(turnUser), a.realm, a.nonce, key)
		answer, err := a.transact(method, all...)
		if err != nil {
			return nil, err
		}
		if answer.Type.Class == stun.ClassSuccessResponse {
			return answer, nil
		}
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(answer); err != nil {
			return nil, err
		}
		if code.Code != stun.CodeStaleNonce {
			return nil, fmt.Errorf("%s: %s", method, code)
		}
		if err := a.nonce.GetFrom(answer); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: every nonce is stale", method)
}

// transact sends a request until there is an answer.
func (a *allocation) transact(method stun.Method, setters ...stun.Setter) (*stun.Message, error) {
	kind := stun.NewType(method, stun.ClassRequest)
	message, err := stun.Build(append([]stun.Setter{stun.TransactionID, kind}, setters...)...)
	if err != nil {
		return nil, err
	}
	buffer := make([]byte, 2048)
	for wait := 200 * time.Millisecond; wait < 4*time.Second; wait *= 2 {
		if _, err := a.conn.Write(message.Raw); err != nil {
			return nil, err
		}
		_ = a.conn.SetReadDeadline(time.Now().Add(wait))
		for {
			n, err := a.conn.Read(buffer)
			if err != nil {
				break
			}
			answer := &stun.Message{Raw: append([]byte{}, buffer[:n]...)}
			if answer.Decode() == nil && answer.TransactionID == message.TransactionID {
				return answer, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: no answer", method)
}
